package hazards

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/bce"
	"havip/internal/worker"
	"havip/tasks"
)

// panicking is a client that panics once its first request was carried out.
type panicking struct {
	*bce.Client
	panicked atomic.Bool
}

func (p *panicking) CreateHaVIPBody(ctx context.Context, token string, body []byte) (*bce.CreateHaVIPOutput, error) {
	out, err := p.Client.CreateHaVIPBody(ctx, token, body)
	if p.panicked.CompareAndSwap(false, true) {
		panic("out of our hands")
	}
	return out, err
}

// A panic is one run's end, a failure for asynq and a doubt for the ledger, and not the worker's end.
// It is retried after our delay, for asynq's own first would be 15 seconds or more.
func TestPanicInARun(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T, f *hazardFixture) {
		f.worker(t, "w", worker.LaneConfig{Lane: bj, API: &panicking{Client: f.api}})
		f.apply(t, 1)
		failed := f.awaitTask(t, asynq.TaskStateRetry)
		if delay := failed.NextProcessAt.Sub(failed.LastFailedAt); failed.Retried != 1 || delay > 2*time.Second {
			t.Errorf("after %d failures (%s) it is retried in %s", failed.Retried, failed.LastErr, delay)
		}
		f.awaitDone(t)
		if info := f.awaitEmptyQueue(t); info.Failed != 1 {
			t.Errorf("%d failures, want the panic", info.Failed)
		}
		f.requireOnce(t, 1, 2)
	})
}

// What asynq calls outside of a run it calls unguarded: a panic there is the end of the process.
func TestNothingThatAsynqCallsPanics(t *testing.T) {
	t.Parallel()
	postponed := &tasks.Postpone{After: time.Minute}
	for _, err := range []error{
		nil, errors.New("x"), asynq.ErrLeaseExpired, asynq.SkipRetry, context.DeadlineExceeded,
		postponed, fmt.Errorf("wrapped: %w", postponed), errors.Join(nil, postponed),
		&tasks.Postpone{After: math.MinInt64}, &tasks.Postpone{After: math.MaxInt64}, &tasks.Postpone{},
	} {
		for _, n := range []int{math.MinInt, -1, 0, 1, math.MaxInt} {
			_ = tasks.RetryDelayFunc(n, err, nil)
		}
		_ = tasks.IsFailure(err)
	}
}
