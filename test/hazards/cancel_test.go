package hazards

import (
	"testing"

	"github.com/hibiken/asynq"

	"havip/ledger"
)

// Who cancels a task that runs cancels nothing: asynq ends its run and brings it back, while the
// request goes on.
func TestTaskCanceledWhileSending(t *testing.T) {
	t.Parallel()
	inBubble(t, "create:stall-before:10s", func(t *testing.T, w *world) {
		w.worker(t, "w")
		w.apply(t, 1)
		w.awaitSending(t)
		if err := w.inspector.CancelProcessing(firstTask); err != nil {
			t.Fatal(err)
		}
		again := w.awaitTask(t, asynq.TaskStateRetry)
		if inFlight := w.sim.Stats().InFlight; inFlight != 1 || again.Retried == 0 {
			t.Errorf("%d requests in flight after %d failures (%s), want the first after one or more", inFlight, again.Retried, again.LastErr)
		}
		w.awaitDone(t)
		w.awaitEmptyQueue(t)
		w.requireOnce(t, 1, 1)
	})
}

// An item is withdrawn in the ledger, where it is seen before anything is sent: its task runs and does
// nothing.
func TestCanceledItemIsNotSent(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T, w *world) {
		w.apply(t, 1)
		verdict, _, err := w.ledger.Settle(t.Context(), batch, first, ledger.Canceled, "Canceled", "not wanted any more")
		if err != nil || verdict != ledger.Applied {
			t.Fatalf("%s, %v", verdict, err)
		}
		w.worker(t, "w")
		if info := w.awaitEmptyQueue(t); info.Processed != 1 {
			t.Errorf("%d tasks ran, want 1", info.Processed)
		}
		if calls := w.sim.Calls(); len(calls) != 0 {
			t.Errorf("%d requests for an item that was withdrawn", len(calls))
		}
		if state := w.record(t, first).State; state != ledger.Canceled {
			t.Errorf("the item is %s", state)
		}
	})
}
