package hazards

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/bce"
	"havip/ledger"
	"havip/tasks"
	"havip/test/redistest"
)

// refusing is a BCE that says no to every item, with a reason and a request ID of the item's own.
type refusing struct{ *bce.Client }

func (refusing) CreateHaVIPBody(_ context.Context, token string, _ []byte) (*bce.CreateHaVIPOutput, error) {
	return nil, &bce.Error{
		Kind: bce.KindAPI, Op: "create havip", Sent: true, StatusCode: 400,
		Code: codeFor(token), Message: "no", RequestID: "request-" + token,
	}
}

func codeFor(token string) string { return fmt.Sprintf("NoSuchThing%d", token[len(token)-1]%7) }

// asynq's archive keeps 9,999 tasks and forgets what is more without a trace. A batch of which every
// item is refused stands in the ledger whole, and asynq archives none of it.
func TestRejectedItemsStayOutOfAsynqsArchive(t *testing.T) {
	t.Parallel()
	testRejectedItems(t, 300)
}

// The same with more items than the archive keeps.
func TestSlowRejectedItemsBeyondAsynqsArchive(t *testing.T) {
	t.Parallel()
	testRejectedItems(t, 15_000)
}

func testRejectedItems(t *testing.T, n int) {
	t.Helper()
	f := newFixture(t, open(t, redistest.Start(t).URL()), "")
	f.apply(t, n)
	// Bare handlers, for whole workers would take twice as long.
	handler := f.handler(tasks.HandlerConfig{API: refusing{f.api}})
	for range 4 {
		f.serve(t, asynq.Config{Concurrency: 16, TaskCheckInterval: 10 * time.Millisecond}, handler.ProcessTask)
	}
	if b := f.awaitDone(t); b.Total != int64(n) || b.Counts[ledger.Rejected] != int64(n) {
		t.Errorf("of %d items, want %d: %v", b.Total, n, b.Counts)
	}
	left := n
	for item, err := range f.ledger.Items(t.Context(), batch) {
		if err != nil {
			t.Fatal(err)
		}
		left--
		rec := item.Record
		if rec.State != ledger.Rejected || rec.Code != codeFor(rec.ClientToken) || rec.RequestID != "request-"+rec.ClientToken || rec.Sends != 1 {
			t.Fatalf("item %s: %+v", item.Key, rec)
		}
	}
	if info := f.awaitEmptyQueue(t); left != 0 || info.Archived != 0 {
		t.Errorf("%d items are missing, asynq has archived %d", left, info.Archived)
	}
}
