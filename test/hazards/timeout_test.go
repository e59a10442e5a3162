package hazards

import (
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/tasks"
)

// A foreign task has a shorter timeout than a request: asynq ends it, counts a failure, and runs it
// again while the request is still under way. Only the first run sends.
func TestTaskTimeoutEndsBeforeTheRequest(t *testing.T) {
	t.Parallel()
	inBubble(t, "create:stall-before:10s", func(t *testing.T, f *hazardFixture) {
		// A whole worker's lane lets one request at a time fly until it is proven, and would hide it.
		f.serve(t, asynq.Config{}, f.handler(tasks.HandlerConfig{}).ProcessTask)
		f.foreign(t, asynq.Timeout(time.Second))
		f.awaitSending(t)
		again := f.awaitTask(t, asynq.TaskStateRetry)
		if inFlight := f.sim.Stats().InFlight; inFlight != 1 || again.Retried == 0 {
			t.Errorf("%d requests in flight after %d failures (%s), want the first after one or more", inFlight, again.Retried, again.LastErr)
		}
		f.awaitCreated(t)
		f.awaitEmptyQueue(t)
		f.requireOnce(t, 1, 1)
	})
}

// asynq counts a timeout in whole seconds, and takes less than one for none.
func TestTaskTimeoutBelowASecond(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T, f *hazardFixture) {
		f.foreign(t, asynq.Timeout(500*time.Millisecond))
		if task := f.task(t); task.Timeout != 0 {
			t.Errorf("a timeout of 500 ms is stored as %s; want 0", task.Timeout)
		}
		f.worker(t, "w")
		f.awaitDone(t)
		f.awaitEmptyQueue(t)
		f.requireOnce(t, 1, 1)
	})
}

// Our own tasks are stored on the terms that we mean: far more time and retries than the handler and
// the ledger use, and nothing kept when they are done.
func TestTermsOfATask(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T, f *hazardFixture) {
		f.apply(t, 1)
		task := f.task(t)
		if task.Timeout < 5*time.Minute || !task.Deadline.IsZero() || task.MaxRetry < 100 || task.Retention != 0 {
			t.Errorf("timeout %s, deadline %s, %d retries, kept for %s", task.Timeout, task.Deadline, task.MaxRetry, task.Retention)
		}
	})
}
