package worker

import (
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"havip/ledger"
	"havip/tasks"
)

var bj = tasks.Lane{Account: "default", Region: "bj"}

// reconcilerAt is a reconciler of the site whose clock is ahead, so that items are stale at once.
func (s *site) reconcilerAt(ahead time.Duration, name string) *reconciler {
	r := newReconciler(Config{Redis: s.rdb, Name: name, Logger: zerolog.Nop(), Lanes: []LaneConfig{{Lane: bj}}})
	r.now = func() time.Time { return time.Now().Add(ahead) }
	r.ledger = ledger.New(s.rdb, ledger.WithClock(r.now))
	return r
}

func (s *site) pending(t *testing.T) []string {
	t.Helper()
	ids, err := s.rdb.LRange(t.Context(), "asynq:{"+bjQueue+"}:pending", 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func (r *reconciler) mustRound(t *testing.T) {
	t.Helper()
	if err := r.round(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The queue's keys are gone, all of them: every item is enqueued again, a bounded number a round.
func TestReconcilerAfterAFlushOfTheQueue(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	const n = itemsARound + 20 // more than a round looks at
	s.enqueue(t, "bj", n)
	r := s.reconcilerAt(staleAfter+time.Second, "w1")
	r.mustRound(t)
	if got := len(s.pending(t)); got != n {
		t.Fatalf("%d tasks for %d items that all have one", got, n)
	}
	keys, err := s.rdb.Keys(t.Context(), "asynq:*").Result()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.rdb.Del(t.Context(), keys...).Err(); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		r.mustRound(t)
	}
	if got := len(s.pending(t)); got != n {
		t.Errorf("%d of %d items have a task again", got, n)
	}
	s.start(t, "w2", s.lane(t, "bj", 0))
	s.await(t)
	s.exactlyOnce(t)
}

// Items that move, or stand still for a short while, are left alone.
func TestReconcilerLeavesFreshItemsAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.enqueue(t, "bj", 3)
	if err := s.rdb.Del(t.Context(), "asynq:{havip.default.bj}:pending").Err(); err != nil {
		t.Fatal(err)
	}
	s.reconcilerAt(staleAfter/2, "w1").mustRound(t)
	if got := s.pending(t); len(got) != 0 {
		t.Errorf("enqueued %v", got)
	}
}

// asynq archived a task on a count of its own: its item goes on.
func TestReconcilerAfterAsynqArchived(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.enqueue(t, "bj", 1)
	id := tasks.TaskID(batch, "bj-000", 1)
	if err := asynq.NewInspectorFromRedisClient(s.rdb).ArchiveTask(bj.Queue(), id); err != nil {
		t.Fatal(err)
	}
	s.reconcilerAt(staleAfter+time.Second, "w1").mustRound(t)
	if got := s.pending(t); len(got) != 1 || got[0] != id {
		t.Errorf("pending %v, want %s", got, id)
	}
}

// After a flush a queue is invisible to asynq's own tools: every worker publishes its own, elected or not.
func TestReconcilerPublishesQueues(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.reconcilerAt(0, "w1").mustRound(t)
	if err := s.rdb.Del(t.Context(), "asynq:queues").Err(); err != nil {
		t.Fatal(err)
	}
	s.reconcilerAt(0, "w2").mustRound(t)
	queues, err := asynq.NewInspectorFromRedisClient(s.rdb).Queues()
	if err != nil || len(queues) != 1 || queues[0] != bjQueue {
		t.Errorf("queues %v, %v", queues, err)
	}
}

// One worker reconciles; another takes over when it stops.
func TestReconcilerIsElected(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.enqueue(t, "bj", 1)
	first, second := s.reconcilerAt(time.Hour, "w1"), s.reconcilerAt(time.Hour, "w2")
	first.mustRound(t)
	if err := s.rdb.Del(t.Context(), fmt.Sprintf("asynq:{%s}:t:%s", bj.Queue(), tasks.TaskID(batch, "bj-000", 1)), "asynq:{havip.default.bj}:pending").Err(); err != nil {
		t.Fatal(err)
	}
	second.mustRound(t)
	if got := s.pending(t); len(got) != 0 {
		t.Fatalf("two reconcile at once: %v", got)
	}
	if err := s.rdb.PExpire(t.Context(), electionKey, time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	for s.rdb.Exists(t.Context(), electionKey).Val() == 1 {
		continue
	}
	second.mustRound(t)
	if got := s.pending(t); len(got) != 1 {
		t.Errorf("pending %v", got)
	}
}
