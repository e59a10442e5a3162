package havip_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"havip"
	"havip/test/bubbletest"
)

// A wait for a batch continues after an outage of Redis.
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

// waiter waits for batch b on its own connection.
type waiter struct {
	// answered is closed after the first complete read of the batch.
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

// failedReads reports reads of a batch that failed, but no failed commands of go-redis's connection setup.
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
			default: // enough were reported
			}
		}
		return err
	}
}
