package e2e

import (
	"syscall"
	"testing"
)

// TestRollbackWhateverDies kills workers while they delete, loses answers, and kills the command that asks:
// what the batch created is gone in the end, and what is another's stays.
func TestRollbackWhateverDies(t *testing.T) {
	t.Parallel()
	const batch, other = "undone", "kept"
	w := newWorld(t)
	rows := rowsOf(125)
	first := w.worker(t, "--concurrency", "8")
	w.enqueue(t, "apply", w.write(t, batch+".csv", rows[:120]), "--wait")
	w.enqueue(t, "apply", w.write(t, other+".csv", rows[120:]), "--wait")

	w.faults(t, "seed=3,delete:commit-reset=0.2,delete:error-500=0.2,delete:429=0.1,get:error-500=0.1,delete:stall-after=0.3:100ms")
	asking := w.start(t, "enqueue", "rollback", batch, "--yes")
	eventually(t, "deletes reach BCE", func() bool { return w.stats(t).Operations["delete"] > 10 })
	asking.kill()
	first.kill()
	w.enqueue(t, "rollback", batch, "--yes")
	second := w.worker(t, "--concurrency", "8")
	eventually(t, "the next worker deletes", func() bool { return w.stats(t).Operations["delete"] > 40 })
	second.signal(syscall.SIGTERM)
	w.worker(t, "--concurrency", "8")
	w.enqueue(t, "watch", batch, "--timeout", recovery.String())

	for _, r := range w.results(t, batch) {
		if r.State != "deleted" || r.HaVIPID == "" {
			t.Errorf("item %s is %s: %s %s", r.Key, r.State, r.Code, r.Message)
		}
	}
	if live := w.stats(t).Live; live != 5 {
		t.Errorf("%d HaVIPs exist, want the other batch's 5", live)
	}
	w.enqueue(t, "verify", batch)
	w.enqueue(t, "verify", other)
}
