package havip_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"havip"
	"havip/test/bubbletest"
)

// A Redis that goes away while a batch is waited for is waited for as well.
func TestClientWaitsThroughAnOutage(t *testing.T) {
	t.Parallel()
	inClientBubble(t, "", func(t *testing.T, f *clientFixture, server *bubbletest.Redis) {
		if _, err := havip.NewClient(f.rdb, havip.WithRegion("bj")).Enqueue(t.Context(), "b", named("a", "b")...); err != nil {
			t.Fatal(err)
		}
		waiters := []*waiter{
			f.wait(t, func(ctx context.Context, b havip.Batch) error {
				_, err := b.Wait(ctx)
				return err
			}),
			f.wait(t, func(ctx context.Context, b havip.Batch) error {
				for _, err := range b.Events(ctx, "") {
					if err != nil {
						return err
					}
				}
				return nil
			}),
		}
		for _, w := range waiters {
			<-w.answered
		}
		server.Cut()
		for _, w := range waiters {
			select {
			case <-w.failures:
			case err := <-w.ended:
				t.Fatalf("the outage ended a wait: %v", err)
			}
		}
		server.Restore()
		f.work(t)
		for _, w := range waiters {
			if err := <-w.ended; err != nil {
				t.Error(err)
			}
		}
	})
}

// waiter is one who waits for batch b over a client of its own.
type waiter struct {
	// answered is closed once the batch was read, and all that goes with it, a first time.
	answered chan struct{}
	failures failedReads
	ended    chan error
}

func (f *clientFixture) wait(t *testing.T, wait func(context.Context, havip.Batch) error) *waiter {
	t.Helper()
	rdb := f.connect()
	w := &waiter{answered: make(chan struct{}), failures: make(failedReads, 100), ended: make(chan error, 1)}
	rdb.AddHook(&after{nth: 2, kind: "hmget", do: func() { close(w.answered) }})
	rdb.AddHook(w.failures)
	go func() { w.ended <- wait(t.Context(), havip.NewClient(rdb).Batch("b")) }()
	return w
}

// failedReads tells of reads of a batch that found no Redis; not of what go-redis asks to set up a connection.
type failedReads chan struct{}

func (f failedReads) DialHook(next redis.DialHook) redis.DialHook { return next }

func (f failedReads) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (f failedReads) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err != nil && cmd.Name() == "hmget" {
			select {
			case f <- struct{}{}:
			default: // enough are told of
			}
		}
		return err
	}
}
