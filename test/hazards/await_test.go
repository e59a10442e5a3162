package hazards

import (
	"errors"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/ledger"
)

// patience bounds every wait. In a bubble it costs nothing; elsewhere it is far beyond what a slow
// machine takes.
const patience = 4 * time.Minute

// A wait looks often for what passes, and seldom for what stays: even on a clock that jumps, each look costs
// its commands.
const (
	often  = 50 * time.Millisecond
	seldom = time.Second
)

// until waits until check holds.
func until(t *testing.T, what string, every time.Duration, check func() bool) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for !check() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// pass lets the bubble's time pass.
func pass(d time.Duration) { <-time.After(d) }

// task is what asynq knows of the first item's task; nil is nothing.
func (f *hazardFixture) task(t *testing.T) *asynq.TaskInfo {
	t.Helper()
	info, err := f.inspector.GetTaskInfo(bj.Queue(), firstTask)
	if errors.Is(err, asynq.ErrTaskNotFound) || errors.Is(err, asynq.ErrQueueNotFound) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// awaitTask waits until the first item's task is in the state, and returns it.
func (f *hazardFixture) awaitTask(t *testing.T, state asynq.TaskState) *asynq.TaskInfo {
	t.Helper()
	var info *asynq.TaskInfo
	until(t, "its task is "+state.String(), often, func() bool {
		info = f.task(t)
		return info != nil && info.State == state
	})
	return info
}

// awaitSending waits until a request is under way.
func (f *hazardFixture) awaitSending(t *testing.T) {
	t.Helper()
	until(t, "a request is under way", often, func() bool { return f.sim.Stats().InFlight == 1 })
}

// awaitCreated waits until every item of the batch has come to its end, whether or not a worker has confirmed it.
func (f *hazardFixture) awaitCreated(t *testing.T) {
	t.Helper()
	until(t, "every item has come to its end", seldom, func() bool {
		b, err := f.ledger.Batch(t.Context(), batch)
		return err == nil && b.CommittedAt != 0 && b.Open() == b.Unconfirmed
	})
}

// awaitDone waits until the batch is done.
func (f *hazardFixture) awaitDone(t *testing.T) ledger.Batch {
	t.Helper()
	var b ledger.Batch
	until(t, "the batch is done", seldom, func() bool {
		var err error
		b, err = f.ledger.Batch(t.Context(), batch)
		return err == nil && b.Done()
	})
	return b
}

// awaitEmptyQueue waits until asynq has no task left, and returns what it counted.
func (f *hazardFixture) awaitEmptyQueue(t *testing.T) *asynq.QueueInfo {
	t.Helper()
	var info *asynq.QueueInfo
	until(t, "the queue is empty", seldom, func() bool {
		var err error
		info, err = f.inspector.GetQueueInfo(bj.Queue())
		return err == nil && info.Size == 0
	})
	return info
}
