package hazards

import (
	"context"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/tasks"
)

// Redis is away until asynq's lease of the task has ended, and with it the handler's context. The
// request goes on, and its outcome is recorded when Redis is back.
func TestRedisAwayUntilTheLeaseEnds(t *testing.T) {
	t.Parallel()
	inBubble(t, "create:stall-before:10s", func(t *testing.T, f *hazardFixture) {
		ended := make(chan time.Time, 2)
		handler := f.handler(tasks.HandlerConfig{})
		f.serve(t, asynq.Config{}, func(ctx context.Context, task *asynq.Task) error {
			context.AfterFunc(ctx, func() { ended <- time.Now() })
			return handler.ProcessTask(ctx, task)
		})
		f.apply(t, 1)
		f.awaitSending(t)
		f.memory.Cut()
		began := time.Now()
		if held := (<-ended).Sub(began); held < 25*time.Second {
			t.Errorf("the handler's context ended after %s, which is no lease's end", held)
		}
		f.memory.Restore()
		f.awaitCreated(t)
		if info := f.awaitEmptyQueue(t); info.Failed != 1 {
			t.Errorf("asynq ran the task %d times more, want 1", info.Failed)
		}
		f.requireOnce(t, 1, 1)
	})
}

// Redis is away for minutes: the outcome is kept for as long, and nothing is sent again.
func TestRedisAwayForMinutes(t *testing.T) {
	t.Parallel()
	inBubble(t, "create:stall-before:10s", func(t *testing.T, f *hazardFixture) {
		f.worker(t, "w")
		f.apply(t, 1)
		f.awaitSending(t)
		f.memory.Cut()
		pass(4 * time.Minute)
		f.memory.Restore()
		f.awaitDone(t)
		f.awaitEmptyQueue(t)
		f.requireOnce(t, 1, 1)
	})
}
