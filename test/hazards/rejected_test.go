package hazards

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

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

func codeFor(token string) string { return fmt.Sprintf("Reason%dException", token[len(token)-1]%7) }

// asynq's archive keeps 9,999 tasks and forgets what is more without a trace. A batch of which every
// item is refused stands in the ledger whole, and asynq archives none of it.
func TestRejectedItemsBeyondAsynqsArchive(t *testing.T) {
	t.Parallel()
	const n = 15_000
	f := newFixture(t, open(t, redistest.Start(t).URL()), "")
	f.applyInBulk(t, n)
	// Bare handlers, for whole workers would take twice as long.
	handler := f.handler(tasks.HandlerConfig{API: refusing{f.api}})
	for range 4 {
		f.serve(t, asynq.Config{Concurrency: 16, TaskCheckInterval: 10 * time.Millisecond}, handler.ProcessTask)
	}
	if b := f.awaitDone(t); b.Total != n || b.Counts[ledger.Rejected] != n {
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

// applyInBulk puts n items in, many on their way at once, over a connection each: whoever waits for one in
// go-redis does so by a timer out of a pool, where those of other tests' bubbles are.
func (f *hazardFixture) applyInBulk(t *testing.T, n int) {
	t.Helper()
	options := *f.rdb.(*redis.Client).Options()
	options.PoolSize = 512
	client := redis.NewClient(&options)
	defer func() { _ = client.Close() }()
	producer := tasks.NewProducer(f.ledger, asynq.NewClientFromRedisClient(client))
	if err := producer.Apply(t.Context(), batch, ledger.Source{}, rowsOf(bj.Region, n), nil); err != nil {
		t.Fatal(err)
	}
}
