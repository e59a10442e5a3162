package e2e

import (
	"syscall"
	"testing"

	"havip/ledger"
)

// TestRollbackWhateverDies kills the command that asks and a worker while it deletes, stops another, and loses
// answers: what the batch created is gone in the end, and what is another's stays.
func TestRollbackWhateverDies(t *testing.T) {
	t.Parallel()
	const batch, other, atOnce = "undone", "kept", 6
	const trouble = ",seed=3,delete:commit-reset=0.2,delete:error-500=0.2,delete:429=0.1,get:error-500=0.1"
	w := newStack(t)
	w.env = append(w.env, rescuable)
	rows := rowsOf(105)
	first := w.worker(t, "--concurrency", "6")
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows[:100]), "--wait")
	w.enqueue(t, "apply", "--yes", w.write(t, other+".csv", rows[100:]), "--wait")

	w.faults(t, fault("delete:gate-before", 4, 3+atOnce)+trouble)
	w.stopAfter(t, 200_000, "rollback", batch, "--yes").kill() // all are marked from 165,000 on, all queued at 240,000
	w.awaitGate(t, atOnce)
	first.kill()
	w.openGate(t)
	w.enqueue(t, "rollback", batch, "--yes")
	w.faults(t, fault("delete:gate-before", 4, 3+atOnce)+trouble)
	second := w.worker(t, "--concurrency", "6")
	w.awaitGate(t, atOnce)
	second.signal(syscall.SIGTERM)
	second.awaitText(t, sayStopping)
	w.endFaults(t) // what is left is to come to an end, and soon
	if code := second.wait(t); code != 0 {
		t.Errorf("a worker that was told to stop: exit code %d", code)
	}
	w.worker(t, "--concurrency", "6")
	// Items that the killed rollback changed but did not enqueue are found by a worker after a minute, or by a retry.
	w.enqueue(t, "retry", batch, "--yes")
	w.enqueue(t, "watch", batch, "--timeout", patience.String())

	for _, r := range w.results(t, batch) {
		if r.State != string(ledger.Deleted) || r.HaVIPID == "" {
			t.Errorf("item %s is %s: %s %s", r.Key, r.State, r.Code, r.Message)
		}
	}
	if live := w.stats(t).Live; live != 5 {
		t.Errorf("%d HaVIPs exist, want the other batch's 5", live)
	}
	w.enqueue(t, "verify", batch)
	w.enqueue(t, "verify", other)
}
