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
	infos, err := asynq.NewInspectorFromRedisClient(s.rdb).ListPendingTasks(bj.Queue(), asynq.PageSize(1000))
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(infos))
	for i, info := range infos {
		ids[i] = info.ID
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
	const n = itemsARound + 20
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

// A task is active and in nobody's hands.
func TestReconcilerOfAStuckTask(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.enqueue(t, "bj", 1)
	id := tasks.TaskID(batch, "bj-000", 1)
	for _, step := range [][]any{
		{"RPOPLPUSH", "asynq:{havip.default.bj}:pending", "asynq:{havip.default.bj}:active"},
		{"HSET", "asynq:{havip.default.bj}:t:" + id, "state", "active"},
	} {
		if err := s.rdb.Do(t.Context(), step...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	s.reconcilerAt(staleAfter+time.Second, "w1").mustRound(t)
	if got := s.pending(t); len(got) != 0 {
		t.Errorf("a task that may be in somebody's hands was doubled: %v", got)
	}
	stuck := s.reconcilerAt(stuckAfter+time.Second, "w1")
	stuck.mustRound(t)
	stuck.mustRound(t)
	if got := s.pending(t); len(got) != 1 || got[0] != id+"/stuck-0" {
		t.Errorf("pending %v", got)
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

// Tasks that nobody can read pile up in asynq's archive: the oldest go, some each round.
func TestReconcilerSweepsTheArchive(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	const n = archiveKept + sweptARound + 20
	client, inspector := asynq.NewClientFromRedisClient(s.rdb), asynq.NewInspectorFromRedisClient(s.rdb)
	for i := range n {
		id := fmt.Sprintf("garbage-%04d", i)
		if _, err := client.EnqueueContext(t.Context(), asynq.NewTask(tasks.TypeCreate, []byte("garbage")), asynq.Queue(bj.Queue()), asynq.TaskID(id)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := inspector.ArchiveAllPendingTasks(bj.Queue()); err != nil {
		t.Fatal(err)
	}
	r := s.reconcilerAt(0, "w1")
	for _, want := range []int64{archiveKept + 20, archiveKept, archiveKept} {
		r.mustRound(t)
		if got := s.rdb.ZCard(t.Context(), "asynq:{havip.default.bj}:archived").Val(); got != want {
			t.Errorf("%d archived, want %d", got, want)
		}
	}
	// Nothing is left of what was deleted, and its ID is free again.
	if left := s.rdb.Exists(t.Context(), "asynq:{havip.default.bj}:t:garbage-0000").Val(); left != 0 {
		t.Error("a deleted task's hash is left")
	}
}
