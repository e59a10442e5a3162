package worker

import (
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/internal/queue"
	"havip/ledger"
)

// take has asynq give out the next task as to a worker, whose lease ends then; zero leaves it without.
func (f *workerFixture) take(t *testing.T, leaseEnds time.Time) (id string) {
	t.Helper()
	const prefix = "asynq:{" + bjQueue + "}:"
	id, err := f.rdb.RPopLPush(t.Context(), prefix+"pending", prefix+"active").Result()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.rdb.HSet(t.Context(), prefix+"t:"+id, "state", "active").Err(); err != nil {
		t.Fatal(err)
	}
	if !leaseEnds.IsZero() {
		if err := f.rdb.ZAdd(t.Context(), prefix+"lease", redisZ(leaseEnds, id)).Err(); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

// The answer that brought a task to its worker was lost, or the worker was killed before it could
// note anything: the task is active, and nobody knows of it.
func TestReconcilerTakesUpOrphans(t *testing.T) {
	t.Parallel()
	for name, lease := range map[string]time.Duration{"not renewed": unrenewed - time.Second, "without a lease": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
				f.enqueue(t, "bj", 1)
				r := f.reconcilerAt(0, "w1")
				ends := time.Time{}
				if lease != 0 {
					ends = r.now().Add(lease)
				}
				id := f.take(t, ends)
				r.mustRound(t)
				if got := f.pending(t); len(got) != 0 {
					t.Fatalf("taken up at first sight: a worker may be about to note it: %v", got)
				}
				r.mustRound(t)
				if got := f.pending(t); len(got) != 1 || got[0] != id {
					t.Fatalf("pending %v, want %s", got, id)
				}
				f.start(t, "w2", f.lane(t, "bj", 0))
				f.await(t)
				f.exactlyOnce(t)
			})
		})
	}
}

// What a living worker holds, or whose lease it renews, is left alone.
func TestReconcilerLeavesTasksInHandAlone(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		f.enqueue(t, "bj", 2)
		r := f.reconcilerAt(0, "w1")
		f.take(t, r.now().Add(unrenewed+5*time.Second))
		held := f.take(t, r.now()) // by a worker whose renewals do not get through
		if err := f.ledger.Enter(t.Context(), "w2", []ledger.ClaimedItem{{Batch: batch, Key: strings.Split(held, "/")[1]}}); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			r.mustRound(t)
		}
		if got := f.pending(t); len(got) != 0 {
			t.Fatalf("taken from their workers: %v", got)
		}
		if _, err := f.ledger.Leave(t.Context(), "w2"); err != nil {
			t.Fatal(err)
		}
		r.mustRound(t)
		r.mustRound(t)
		if got := f.pending(t); len(got) != 1 || got[0] != held {
			t.Errorf("pending %v once the worker is gone", got)
		}
	})
}

// IDs whose tasks were evicted are removed wherever they stand, and the item has a task again.
func TestReconcilerRemovesDanglingIDs(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		f.enqueue(t, "bj", 1)
		id := f.take(t, time.Now())
		if err := f.rdb.Del(t.Context(), "asynq:{"+bjQueue+"}:t:"+id).Err(); err != nil {
			t.Fatal(err)
		}
		r := f.reconcilerAt(0, "w1")
		for range queue.Ranges() {
			r.mustRound(t)
		}
		f.reconcilerAt(staleAfter+time.Second, "w1").mustRound(t)
		info, err := asynq.NewInspectorFromRedisClient(f.rdb).GetQueueInfo(bjQueue)
		if err != nil {
			t.Fatal(err)
		}
		if info.Active != 0 || info.Pending != 1 {
			t.Errorf("%d active, %d pending", info.Active, info.Pending)
		}
		f.start(t, "w2", f.lane(t, "bj", 0))
		f.await(t)
		f.exactlyOnce(t)
	})
}
