package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hibiken/asynq"
)

// The queue stays unserved if no worker serves it until the end; a worker that starts meanwhile ends
// the wait.
func TestStaysUnserved(t *testing.T) {
	t.Parallel()
	q, rdb := open(t)
	if unserved, err := q.StaysUnserved(t.Context(), 0); !unserved || err != nil {
		t.Errorf("unserved %t, %v", unserved, err)
	}
	server := asynq.NewServerFromRedisClient(rdb, asynq.Config{Queues: map[string]int{bj.Queue(): 1}, LogLevel: asynq.FatalLevel})
	came := make(chan error, 1)
	go func() {
		came <- server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { return nil }))
	}()
	t.Cleanup(server.Shutdown)
	const forEver = 24 * time.Hour
	if unserved, err := q.StaysUnserved(t.Context(), forEver); unserved || err != nil {
		t.Errorf("with a worker: unserved %t, %v", unserved, err)
	}
	if err := <-came; err != nil {
		t.Fatal(err)
	}
}

// An interrupted check returns only an error.
func TestStaysUnservedInterrupted(t *testing.T) {
	t.Parallel()
	q, _ := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if unserved, err := q.StaysUnserved(ctx, 24*time.Hour); unserved || !errors.Is(err, context.Canceled) {
		t.Errorf("unserved %t, %v", unserved, err)
	}
}
