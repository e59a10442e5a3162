package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"havip/ledger"
)

// TestRetryKilled kills a retry of many rejected items again and again half-way, while a worker carries out
// what it has let go on. Every item is created once.
func TestRetryKilled(t *testing.T) {
	t.Parallel()
	const batch = "retrying"
	w := newStack(t, "--faults", "create:answer:400/NoSuchObject")
	rows := rowsOf(600)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows))
	w.worker(t)
	w.enqueue(t, "watch", batch, "--timeout", patience.String())
	if got := w.stats(t).Live; got != 0 {
		t.Fatalf("%d HaVIPs exist where all were refused", got)
	}
	w.faults(t, "")
	rejected := []string{"retry", batch, "--where", "state=rejected", "--yes"}
	// Two kilobytes an item, in chunks of 200: tokens, then what the ledger knows, then tasks.
	for _, moment := range []int{60_000, 120_000, 170_000} {
		w.stopAfter(t, moment, rejected...).kill()
	}
	if counts := w.standing(t, batch).Counts; counts[ledger.Rejected] == 0 || counts[ledger.Rejected] == int64(len(rows)) {
		t.Errorf("half-way: %v", counts)
	}
	w.enqueue(t, rejected...)
	// Items that the killed retry changed but did not enqueue are found by a worker within minutes, or by another retry.
	w.enqueue(t, "retry", batch, "--yes")
	w.enqueue(t, "watch", batch, "--timeout", patience.String(), "--exit-status")
	requireTruth(t, rows, w.results(t, batch), w.truth(t))
}

// TestBulkConfirmation asks on a terminal before many items are changed, and takes no for an answer.
func TestBulkConfirmation(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	w.enqueue(t, "apply", "--yes", exampleFile(t))
	before := dump(t, w.redis.Client(t))
	for _, keys := range []string{"n\n", "\n", ctrlC} {
		term := w.terminal(t, "retry", "havips")
		term.answer(t, keys)
		if code := term.wait(t); code != 130 {
			t.Errorf("answer %q: exit code %d", keys, code)
		}
		if now := dump(t, w.redis.Client(t)); now != before {
			t.Errorf("answer %q changed something:\n%s", keys, cmp.Diff(before, now))
		}
		if keys != "\n" {
			golden(t, "TestBulkConfirmation"+map[string]string{"n\n": "", ctrlC: "_interrupted"}[keys], term.text())
		}
	}
	yes := w.terminal(t, "retry", "havips")
	yes.answer(t, "y\n")
	if code := yes.wait(t); code != 0 || dump(t, w.redis.Client(t)) == before {
		t.Errorf("answer y: exit code %d, or nothing was changed", code)
	}
	for _, flag := range []string{"--yes", "--dry-run"} {
		if code := w.terminal(t, "retry", "havips", flag).wait(t); code != 0 {
			t.Errorf("%s: exit code %d", flag, code)
		}
	}
}
