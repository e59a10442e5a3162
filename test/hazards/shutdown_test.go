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
	inBubble(t, "create:stall-before:10s", func(t *testing.T, w *world) {
		stopping := w.serve(t, asynq.Config{ShutdownTimeout: time.Second}, w.handler(tasks.HandlerConfig{}).ProcessTask)
		w.apply(t, 1)
		w.awaitSending(t)
		stopping.Shutdown()
		w.awaitTask(t, asynq.TaskStatePending)
		w.worker(t, "next")
		again := w.awaitTask(t, asynq.TaskStateRetry)
		if inFlight := w.sim.Stats().InFlight; inFlight != 1 {
			t.Errorf("%d requests in flight when the next run had ended (%s), want the first", inFlight, again.LastErr)
		}
		w.awaitDone(t)
		w.awaitEmptyQueue(t)
		w.requireOnce(t, 1, 1)
	})
}
