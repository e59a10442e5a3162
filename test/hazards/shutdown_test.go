package hazards

import (
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/tasks"
)

// A server's patience ends before the request does: asynq gives the task back while the handler still
// runs, and another server takes it. Only the first sends.
func TestShutdownOverlapsTheNextRun(t *testing.T) {
	t.Parallel()
	inBubble(t, "create:stall-before:10s", func(t *testing.T, f *hazardFixture) {
		stopping := f.serve(t, asynq.Config{ShutdownTimeout: time.Second}, f.handler(tasks.HandlerConfig{}).ProcessTask)
		f.apply(t, 1)
		f.awaitSending(t)
		stopping.Shutdown()
		f.awaitTask(t, asynq.TaskStatePending)
		f.worker(t, "next")
		again := f.awaitTask(t, asynq.TaskStateRetry)
		if inFlight := f.sim.Stats().InFlight; inFlight != 1 {
			t.Errorf("%d requests in flight when the next run had ended (%s), want the first", inFlight, again.LastErr)
		}
		f.awaitDone(t)
		f.awaitEmptyQueue(t)
		f.requireOnce(t, 1, 1)
	})
}
