package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/internal/queue"
	"havip/ledger"
	"havip/tasks"
)

// enter registers a worker of a lane whose last heartbeat was that long ago.
func enter(t *testing.T, rdb redis.UniversalClient, worker string, lane tasks.Lane, ago time.Duration) {
	t.Helper()
	now, err := rdb.Time(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.New(rdb, ledger.WithClock(func() time.Time { return now.Add(-ago) }))
	info := ledger.WorkerInfo{Version: "v1", Lanes: []ledger.WorkerLane{{Lane: lane.String()}}}
	if err := errors.Join(l.Enter(t.Context(), worker, nil), l.Describe(t.Context(), worker, info)); err != nil {
		t.Fatal(err)
	}
}

// The queue stays unserved if no worker serves it until the end; a worker that starts meanwhile ends
// the wait.
func TestStaysUnserved(t *testing.T) {
	t.Parallel()
	_, rdb := open(t)
	l := queue.Of(rdb, bj)
	enter(t, rdb, "killed", bj, ledger.SilentAfter+time.Second)
	enter(t, rdb, "elsewhere", tasks.Lane{Account: "default", Region: "gz"}, 0)
	if unserved, err := l.StaysUnserved(t.Context(), 0); !unserved || err != nil {
		t.Errorf("unserved %t, %v", unserved, err)
	}
	answered := make(chan bool, 1)
	go func() {
		unserved, err := l.StaysUnserved(t.Context(), 24*time.Hour)
		answered <- !unserved && err == nil
	}()
	enter(t, rdb, "started", bj, 0)
	if served := <-answered; !served {
		t.Error("unserved with a worker")
	}
}

// Serving works on a Redis that refuses writes, and ends with the worker.
func TestServing(t *testing.T) {
	t.Parallel()
	_, rdb := open(t)
	l := queue.Of(rdb, bj)
	enter(t, rdb, "w", bj, time.Minute)
	do(t, rdb, []any{"CONFIG", "SET", "min-replicas-to-write", 1})
	for age, want := range map[time.Duration]bool{ledger.SilentAfter: false, 2 * time.Minute: true} {
		if lanes, err := queue.Serving(t.Context(), rdb, age); err != nil || lanes[bj] != want {
			t.Errorf("up to %s ago: %v, %v", age, lanes, err)
		}
	}
	do(t, rdb, []any{"CONFIG", "SET", "min-replicas-to-write", 0})
	enter(t, rdb, "w", bj, 0)
	if served, err := l.ServedNow(t.Context()); err != nil || !served {
		t.Errorf("served %t, %v", served, err)
	}
	if _, err := ledger.New(rdb).Leave(t.Context(), "w"); err != nil {
		t.Fatal(err)
	}
	if served, err := l.ServedNow(t.Context()); err != nil || served {
		t.Errorf("after it stopped: served %t, %v", served, err)
	}
}

// An interrupted check returns only an error.
func TestStaysUnservedInterrupted(t *testing.T) {
	t.Parallel()
	_, rdb := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if unserved, err := queue.Of(rdb, bj).StaysUnserved(ctx, 24*time.Hour); unserved || !errors.Is(err, context.Canceled) {
		t.Errorf("unserved %t, %v", unserved, err)
	}
}
