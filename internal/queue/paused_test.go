package queue_test

import (
	"testing"
	"time"

	"github.com/hibiken/asynq"
)

// A pause that asynq's own tools set is seen, and ended as they end it.
func TestPauseOfAsynq(t *testing.T) {
	t.Parallel()
	q, rdb := open(t)
	inspector := asynq.NewInspectorFromRedisClient(rdb)
	put(t, rdb, "a")
	if since, err := q.PausedSince(t.Context()); err != nil || !since.IsZero() {
		t.Errorf("not paused: since %s, %v", since, err)
	}
	if ended, err := q.Unpause(t.Context()); err != nil || ended {
		t.Errorf("not paused: ended %t, %v", ended, err)
	}
	before := time.Now().Truncate(time.Second)
	if err := inspector.PauseQueue(bj.Queue()); err != nil {
		t.Fatal(err)
	}
	if since, err := q.PausedSince(t.Context()); err != nil || since.Before(before) {
		t.Errorf("paused since %s, want after %s; %v", since, before, err)
	}
	if ended, err := q.Unpause(t.Context()); err != nil || !ended {
		t.Errorf("ended %t, %v", ended, err)
	}
	if info, err := inspector.GetQueueInfo(bj.Queue()); err != nil || info.Paused {
		t.Errorf("asynq has it paused still: %+v, %v", info, err)
	}
	do(t, rdb, []any{"SET", q.Key("paused"), "by hand"})
	if since, err := q.PausedSince(t.Context()); err != nil || since.IsZero() {
		t.Errorf("paused by hand: since %s, %v", since, err)
	}
}
