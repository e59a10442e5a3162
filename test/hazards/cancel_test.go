package hazards

import (
	"testing"

	"github.com/hibiken/asynq"

	"havip/ledger"
	"havip/lifecycle"
)

// Who cancels a task that runs cancels nothing: asynq ends its run and brings it back, while the
// request goes on.
func TestTaskCanceledWhileSending(t *testing.T) {
	t.Parallel()
	inBubble(t, "create:stall-before:10s", func(t *testing.T, f *hazardFixture) {
		f.worker(t, "w")
		f.apply(t, 1)
		f.awaitSending(t)
		if err := f.inspector.CancelProcessing(firstTask); err != nil {
			t.Fatal(err)
		}
		again := f.awaitTask(t, asynq.TaskStateRetry)
		if inFlight := f.sim.Stats().InFlight; inFlight != 1 || again.Retried == 0 {
			t.Errorf("%d requests in flight after %d failures (%s), want the first after one or more", inFlight, again.Retried, again.LastErr)
		}
		f.awaitDone(t)
		f.awaitEmptyQueue(t)
		f.requireOnce(t, 1, 1)
	})
}

// An item is withdrawn in the ledger, where it is seen before anything is sent: its task runs and does
// nothing.
func TestCanceledItemIsNotSent(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T, f *hazardFixture) {
		f.apply(t, 1)
		result, _, err := f.ledger.Settle(t.Context(), batch, first, ledger.Canceled, "Canceled", "not wanted any more")
		if err != nil || result != lifecycle.SettledApplied {
			t.Fatalf("%s, %v", result, err)
		}
		f.worker(t, "w")
		if info := f.awaitEmptyQueue(t); info.Processed != 1 {
			t.Errorf("%d tasks ran, want 1", info.Processed)
		}
		if calls := f.sim.Calls(); len(calls) != 0 {
			t.Errorf("%d requests for an item that was withdrawn", len(calls))
		}
		if state := f.record(t, first).State; state != ledger.Canceled {
			t.Errorf("the item is %s", state)
		}
	})
}
