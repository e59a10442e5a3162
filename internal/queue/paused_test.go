package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/internal/queue"
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

// Served works on a Redis that refuses writes, and removes nothing.
func TestServingNeedsNoWrites(t *testing.T) {
	t.Parallel()
	q, rdb := open(t)
	server := asynq.NewServerFromRedisClient(rdb, asynq.Config{Queues: map[string]int{bj.Queue(): 1, "other": 2}, LogLevel: asynq.FatalLevel})
	if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { return nil })); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	if unserved, err := q.StaysUnserved(t.Context(), 24*time.Hour); unserved || err != nil {
		t.Fatalf("unserved %t, %v", unserved, err)
	}
	do(t, rdb, []any{"ZADD", "asynq:servers", 1, "asynq:servers:{ended}"}, []any{"CONFIG", "SET", "min-replicas-to-write", 1})
	served, err := queue.Serving(t.Context(), rdb)
	if err != nil || len(served) != 2 || !served[bj.Queue()] || !served["other"] {
		t.Errorf("served %v, %v", served, err)
	}
	if served, err := q.Served(); err != nil || !served {
		t.Errorf("served %t, %v", served, err)
	}
	do(t, rdb, []any{"CONFIG", "SET", "min-replicas-to-write", 0}, []any{"ZSCORE", "asynq:servers", "asynq:servers:{ended}"})
}
