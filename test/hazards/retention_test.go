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
	inBubble(t, "", func(t *testing.T, w *world) {
		w.worker(t, "w")
		w.foreign(t, asynq.Retention(10*time.Second))
		w.awaitTask(t, asynq.TaskStateCompleted)
		again := asynq.NewTask(tasks.TypeCreate, nil, asynq.Queue(bj.Queue()), asynq.TaskID(firstTask))
		if _, err := asynq.NewClientFromRedisClient(w.rdb).EnqueueContext(t.Context(), again); !errors.Is(err, asynq.ErrTaskIDConflict) {
			t.Errorf("a kept task's ID: %v, want a conflict", err)
		}
		until(t, "asynq forgets the task", func() bool { return w.task(t) == nil })
		w.requireOnce(t, 1, 1)
	})
}
