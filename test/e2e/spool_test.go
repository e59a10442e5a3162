package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"havip/ledger"
)

// TestOutcomesOutliveRedisAndWorker: requests are in flight when Redis dies; their answers arrive, the
// worker is killed as well, and what was answered is recorded when both are back. Nothing is sent again.
func TestOutcomesOutliveRedisAndWorker(t *testing.T) {
	t.Parallel()
	const batch = "kept"
	rows := fixedRowsOf(6)                                                 // nothing but the create is to be asked
	w := newStack(t, "--faults", fault("create:gate-after", 2, len(rows))) // the first proves the lane
	w.env = append(w.env, longRequests)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows))
	worker := w.worker(t)
	w.awaitGate(t, len(rows)-1)
	eventually(t, "the first is recorded", func() bool { return w.standing(t, batch).Counts[ledger.Created] == 1 })
	w.redis.Kill()
	w.openGate(t)
	eventually(t, "all outcomes are kept", func() bool { return files(t, w.spool()) == len(rows)-1 })
	worker.kill()
	w.redis.Restart(t)
	w.worker(t)
	w.enqueue(t, "watch", batch, "--timeout", patience.String(), "--exit-status")
	w.requireExactlyOnce(t, batch, rows)
	if n := len(w.creates(t)); n != len(rows) {
		t.Errorf("%d requests for %d items: some were sent again", n, len(rows))
	}
	eventually(t, "nothing is left in the spool", func() bool { return files(t, w.spool()) == 0 })
}

// files counts the outcomes in a spool.
func files(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) == ".json" {
			n++
		}
	}
	return n
}
