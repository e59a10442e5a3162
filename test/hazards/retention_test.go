package hazards

import (
	"errors"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/tasks"
)

// A task that its producer wants kept locks its ID while it is, and goes with all that asynq knows of
// it; the item's outcome stays.
func TestResultOutlivesItsTask(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T, f *hazardFixture) {
		f.worker(t, "w")
		f.foreign(t, asynq.Retention(10*time.Second))
		f.awaitTask(t, asynq.TaskStateCompleted)
		again := asynq.NewTask(tasks.TypeCreate, nil, asynq.Queue(bj.Queue()), asynq.TaskID(firstTask))
		if _, err := asynq.NewClientFromRedisClient(f.rdb).EnqueueContext(t.Context(), again); !errors.Is(err, asynq.ErrTaskIDConflict) {
			t.Errorf("a kept task's ID: %v, want a conflict", err)
		}
		until(t, "asynq forgets the task", seldom, func() bool { return f.task(t) == nil })
		f.requireOnce(t, 1, 1)
	})
}
