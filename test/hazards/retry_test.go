package hazards

import (
	"context"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/bce"
	"havip/ledger"
	"havip/tasks"
)

// refused is a BCE that no request reaches.
type refused struct{ *bce.Client }

func (refused) CreateHaVIPBody(context.Context, string, []byte) (*bce.CreateHaVIPOutput, error) {
	return nil, &bce.Error{Kind: bce.KindDial, Op: "create havip"}
}

// asynq repeats for ever what is not counted as a failure: the ledger ends it at the horizon, which is
// nearer here than a worker's, and until then no delay grows beyond its bound, which is shorter here as well.
func TestUncountedRetriesEnd(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T, f *hazardFixture) {
		// asynq moves due tasks once a poll, and an idle processor takes one after at most 1.5 polls.
		const horizon, maxDelay, poll = 30 * time.Minute, 4 * time.Minute, 10 * time.Second
		handler := f.handler(tasks.HandlerConfig{API: refused{f.api}, Horizon: horizon, MaxDelay: maxDelay})
		f.serve(t, asynq.Config{TaskCheckInterval: poll, DelayedTaskCheckInterval: poll}, handler.ProcessTask)
		f.apply(t, 1)
		pass(horizon - time.Minute)
		if task := f.awaitTask(t, asynq.TaskStateRetry); task.Retried != 0 {
			t.Errorf("asynq counted %d failures", task.Retried)
		}
		pass(maxDelay + 2*time.Minute)
		f.awaitEmptyQueue(t)
		item, err := f.ledger.Item(t.Context(), batch, first)
		if err != nil {
			t.Fatal(err)
		}
		if item.Record.State != ledger.Rejected || item.Record.Code != "RetriesExhausted" {
			t.Errorf("the item is %s with %q", item.Record.State, item.Record.Code)
		}
		for _, gap := range f.gaps(t) {
			if gap > maxDelay+3*poll {
				t.Errorf("%s between two requests", gap)
			}
		}
	})
}

// asynq's own back-off grows with the fourth power of the failures, and passes the day for which BCE
// remembers a token. Ours is what a server is given, also for what is no decision of the handler.
func TestDelaysBesideAsynqsOwn(t *testing.T) {
	t.Parallel()
	const tokenLife = 24 * time.Hour
	if asynq.DefaultRetryDelayFunc(19, nil, nil) < tokenLife {
		t.Error("asynq's own back-off stays below a token's life by now")
	}
	for n := range 1000 {
		if delay := tasks.RetryDelayFunc(n, asynq.ErrLeaseExpired, nil); delay > tasks.RetryDelayCap {
			t.Errorf("%s after %d failures", delay, n)
		}
	}
}
