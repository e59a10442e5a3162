package redisconn

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// fault is a hook that fails the first ack, before or after it is executed, and reports the
// result of each ack.
type fault struct {
	carriedOut bool // the ack reaches Redis and only its reply is lost
	failed     atomic.Bool
	acks       chan error
	asked      chan struct{} // one for each question whether the lease is still held
}

func (f *fault) DialHook(next redis.DialHook) redis.DialHook { return next }

func (f *fault) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (f *fault) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "zscore" {
			f.asked <- struct{}{}
		}
		if _, ok := parseAck(cmd); !ok {
			return next(ctx, cmd)
		}
		var err error
		if f.carriedOut || f.failed.Load() {
			if err = next(ctx, cmd); redis.HasErrorPrefix(err, "NOSCRIPT") {
				return err // the same ack follows in full
			}
		}
		if f.failed.CompareAndSwap(false, true) {
			err = io.EOF
		}
		f.acks <- err
		return err
	}
}

// worker is a real asynq server that has run one task whose first ack failed.
type worker struct {
	fault     *fault
	server    *asynq.Server
	inspector *asynq.Inspector
	runs      atomic.Int64
}

func startWorker(t *testing.T, repaired, carriedOut bool) *worker {
	t.Helper()
	client := redistest.Start(t).Client(t)
	if repaired {
		RepairAcks(client)
	}
	w := &worker{
		fault:     &fault{carriedOut: carriedOut, acks: make(chan error, 16), asked: make(chan struct{}, 16)},
		inspector: asynq.NewInspectorFromRedisClient(client),
		server: asynq.NewServerFromRedisClient(client, asynq.Config{
			Concurrency: 1, Queues: map[string]int{"q": 1}, TaskCheckInterval: 10 * time.Millisecond, LogLevel: asynq.FatalLevel,
		}),
	}
	client.AddHook(w.fault)
	if err := w.server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		w.runs.Add(1)
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.server.Shutdown)
	if _, err := asynq.NewClientFromRedisClient(client).EnqueueContext(t.Context(), asynq.NewTask("t", nil), asynq.Queue("q")); err != nil {
		t.Fatal(err)
	}
	if err := await(t, "first ack", w.fault.acks); !errors.Is(err, io.EOF) {
		t.Fatalf("first ack: %v", err)
	}
	return w
}

func (w *worker) assertActive(t *testing.T, want int) {
	t.Helper()
	info, err := w.inspector.GetQueueInfo("q")
	if err != nil {
		t.Fatal(err)
	}
	if info.Active != want || w.runs.Load() != 1 {
		t.Errorf("%d tasks active after %d runs; want %d after 1", info.Active, w.runs.Load(), want)
	}
}

func await[T any](t *testing.T, what string, events <-chan T) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case event := <-events:
		return event
	case <-ctx.Done():
		t.Fatalf("%s: nothing after %s", what, patience)
		panic("unreachable")
	}
}

// Without the hook, asynq's repetition always fails; with it, the task is acked. If the first
// half fails one day, asynq has fixed the bug and the hook can be removed.
func TestRepairAcks_realServer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		repaired bool
		want     error
		active   int
	}{
		"without the hook": {false, context.Canceled, 1},
		"with the hook":    {true, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startWorker(t, tt.repaired, false)
			w.server.Shutdown() // repeats what is outstanding, as it is repeated every 5 s
			if err := await(t, "repetition", w.fault.acks); !errors.Is(err, tt.want) {
				t.Errorf("repetition: %v, want %v", err, tt.want)
			}
			w.assertActive(t, tt.active)
		})
	}
}

// The first ack was executed and only its reply was lost: the repetition finds nothing
// to do, and asynq stops repeating it.
func TestRepairAcks_replyLost(t *testing.T) {
	t.Parallel()
	w := startWorker(t, true, true)
	await(t, "question", w.fault.asked)
	w.server.Shutdown() // repeats what is still outstanding
	if asked, acked := len(w.fault.asked), len(w.fault.acks); asked != 0 || acked != 0 {
		t.Errorf("asked %d times more, acked %d times more; want neither", asked, acked)
	}
	w.assertActive(t, 0)
}
