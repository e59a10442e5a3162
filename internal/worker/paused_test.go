package worker

import (
	"testing"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

// Items of a paused batch need no task, and the reconciler enqueues none, however long the pause. Items of unknown
// outcome get one, and all items do after the batch is resumed.
func TestReconcilerLeavesPausedItemsAlone(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		f.enqueue(t, "bj", 3)
		records := ledger.New(f.rdb)
		start, err := records.Begin(t.Context(), batch, "bj-001", ledger.Known{}, ledger.BeginOptions{Worker: "dead", Ticket: "t1", Lease: time.Millisecond})
		if err != nil || start.Result != lifecycle.StartSend {
			t.Fatal(start.Result, err)
		}
		if _, err := records.Pause(t.Context(), batch, ledger.Act{By: "li@host"}); err != nil {
			t.Fatal(err)
		}
		f.flushQueue(t)
		r := f.reconcilerAt(staleAfter+time.Second, "w1")
		r.mustRound(t)
		r.mustRound(t)
		if got := f.pending(t); len(got) != 1 {
			t.Fatalf("pending while held: %v", got)
		}
		if _, err := records.Resume(t.Context(), batch, nil, ledger.Act{By: "li@host"}); err != nil {
			t.Fatal(err)
		}
		r.mustRound(t)
		r.mustRound(t)
		if got := f.pending(t); len(got) != 3 {
			t.Errorf("pending after it goes on: %v", got)
		}
	})
}

func (f *workerFixture) flushQueue(t *testing.T) {
	t.Helper()
	keys, err := f.rdb.Keys(t.Context(), "asynq:{"+bjQueue+"}*").Result()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.rdb.Del(t.Context(), keys...).Err(); err != nil {
		t.Fatal(err)
	}
}
