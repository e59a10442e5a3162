package worker

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"havip/ledger"
	"havip/tasks"
)

var bj = tasks.Lane{Account: "default", Region: "bj"}

// reconcilerAt is a reconciler of the fixture whose clock is ahead, so that items are stale at once.
func (f *workerFixture) reconcilerAt(ahead time.Duration, name string) *Reconciler {
	r := newReconciler(Config{Redis: f.rdb, Name: name, Observer: noObserver{}, Logger: zerolog.Nop(), Lanes: []LaneConfig{{Lane: bj}}})
	r.now = func() time.Time { return time.Now().Add(ahead) }
	r.ledger = ledger.New(f.rdb, ledger.WithClock(r.now))
	return r
}

func (f *workerFixture) pending(t *testing.T) []string {
	t.Helper()
	ids, err := f.rdb.LRange(t.Context(), "asynq:{"+bjQueue+"}:pending", 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func (r *Reconciler) mustRound(t *testing.T) {
	t.Helper()
	if err := r.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The queue's keys are gone, all of them: every item is enqueued again, a bounded number a round.
func TestReconcilerAfterAFlushOfTheQueue(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		const n = 48 // more than a round looks at
		f.enqueue(t, "bj", n)
		r := f.reconcilerAt(staleAfter+time.Second, "w1")
		r.bounds = lostBounds{aRound: 40, atOnce: 20}
		r.mustRound(t)
		if got := len(f.pending(t)); got != n {
			t.Fatalf("%d tasks for %d items that all have one", got, n)
		}
		keys, err := f.rdb.Keys(t.Context(), "asynq:*").Result()
		if err != nil {
			t.Fatal(err)
		}
		if err := f.rdb.Del(t.Context(), keys...).Err(); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			r.mustRound(t)
		}
		if got := len(f.pending(t)); got != n {
			t.Errorf("%d of %d items have a task again", got, n)
		}
		f.start(t, "w2", f.lane(t, "bj", 0))
		f.await(t)
		f.exactlyOnce(t)
	})
}

// A small batch does not wait until all items of a large one are checked, which in turn are all checked.
func TestReconcilerSharesARound(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		const n = 48
		f.enqueue(t, "bj", n)
		producer := tasks.NewProducer(ledger.New(f.rdb), asynq.NewClientFromRedisClient(f.rdb), f.rdb)
		item := tasks.Item{Key: "small", Request: tasks.Request{Name: "small", SubnetID: "sbn-1"}}.WithDefaults("bj")
		err := producer.Apply(t.Context(), "zz-small", ledger.Source{}, func(yield func(tasks.Row, error) bool) {
			yield(tasks.Row{Line: 1, Item: item}, nil)
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		f.flushQueue(t)
		r := f.reconcilerAt(staleAfter+time.Second, "w1")
		r.bounds = lostBounds{aRound: 20, atOnce: 4}
		r.mustRound(t)
		if id := tasks.TaskID("zz-small", "small", 1); !slices.Contains(f.pending(t), id) {
			t.Errorf("pending %v, want %s", f.pending(t), id)
		}
		for range 5 {
			r.mustRound(t)
		}
		if got := len(f.pending(t)); got != n+1 {
			t.Errorf("%d of %d items have a task again", got, n+1)
		}
	})
}

// Items that move, or stand still for a short while, are left alone.
func TestReconcilerLeavesFreshItemsAlone(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		f.enqueue(t, "bj", 3)
		if err := f.rdb.Del(t.Context(), "asynq:{havip.default.bj}:pending").Err(); err != nil {
			t.Fatal(err)
		}
		f.reconcilerAt(staleAfter/2, "w1").mustRound(t)
		if got := f.pending(t); len(got) != 0 {
			t.Errorf("enqueued %v", got)
		}
	})
}

// asynq archived a task on a count of its own: its item goes on.
func TestReconcilerAfterAsynqArchived(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		f.enqueue(t, "bj", 1)
		id := tasks.TaskID(batch, "bj-000", 1)
		if err := asynq.NewInspectorFromRedisClient(f.rdb).ArchiveTask(bj.Queue(), id); err != nil {
			t.Fatal(err)
		}
		f.reconcilerAt(staleAfter+time.Second, "w1").mustRound(t)
		if got := f.pending(t); len(got) != 1 || got[0] != id {
			t.Errorf("pending %v, want %s", got, id)
		}
	})
}

// After a flush a queue is invisible to asynq's own tools: every worker publishes its own, elected or not.
func TestReconcilerPublishesQueues(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		f.reconcilerAt(0, "w1").mustRound(t)
		if err := f.rdb.Del(t.Context(), "asynq:queues").Err(); err != nil {
			t.Fatal(err)
		}
		f.reconcilerAt(0, "w2").mustRound(t)
		queues, err := asynq.NewInspectorFromRedisClient(f.rdb).Queues()
		if err != nil || len(queues) != 3 || !slices.Contains(queues, bjQueue) {
			t.Errorf("queues %v, %v", queues, err)
		}
	})
}

// An election with more time left than it can last was made before Redis's clock was put back: it does not wait for
// that clock.
func TestElectionOutlivesNoStepOfTheClock(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	for left, want := range map[time.Duration]bool{reconcileLease: false, time.Hour: true, 0: true} {
		if err := f.rdb.Set(t.Context(), electionKey, "w1", left).Err(); err != nil {
			t.Fatal(err)
		}
		if elected, err := elect(t.Context(), f.rdb, electionKey, "w2", reconcileLease); err != nil || elected != want {
			t.Errorf("%s left: elected %v, %v", left, elected, err)
		}
	}
	if left := f.rdb.PTTL(t.Context(), electionKey).Val(); left <= 0 || left > reconcileLease {
		t.Errorf("%s left of the lease", left)
	}
}

// One worker reconciles; another takes over when it stops.
func TestReconcilerIsElected(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		f.enqueue(t, "bj", 1)
		first, second := f.reconcilerAt(time.Hour, "w1"), f.reconcilerAt(time.Hour, "w2")
		first.mustRound(t)
		if err := f.rdb.Del(t.Context(), fmt.Sprintf("asynq:{%s}:t:%s", bj.Queue(), tasks.TaskID(batch, "bj-000", 1)), "asynq:{havip.default.bj}:pending").Err(); err != nil {
			t.Fatal(err)
		}
		second.mustRound(t)
		if got := f.pending(t); len(got) != 0 {
			t.Fatalf("two reconcile at once: %v", got)
		}
		if err := f.rdb.PExpire(t.Context(), electionKey, time.Millisecond).Err(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Second)
		second.mustRound(t)
		if got := f.pending(t); len(got) != 1 {
			t.Errorf("pending %v", got)
		}
	})
}
