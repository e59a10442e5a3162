package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestOutcomesOutliveRedisAndWorker: requests are in flight when Redis dies; their answers arrive, the
// worker is killed as well, and what was answered is recorded when both are back. Nothing is sent again.
func TestOutcomesOutliveRedisAndWorker(t *testing.T) {
	t.Parallel()
	const before, batch = "before", "kept"
	w := newWorld(t)
	worker := w.worker(t)
	// A lane that has proved itself sends many at once.
	w.enqueue(t, "apply", w.write(t, before+".csv", rowsOf(40)), "--wait")
	made := len(w.truth(t))
	w.faults(t, "create:stall-after=1:8s")
	rows := rowsOf(5)
	for i := range rows {
		rows[i].address = fmt.Sprintf("192.168.7.%d", 1+i) // nothing but the create is to be asked
	}
	w.enqueue(t, "apply", w.write(t, batch+".csv", rows))
	eventually(t, "all requests are on their way", func() bool { return len(w.truth(t)) == made+len(rows) })
	w.redis.Kill()
	spool := filepath.Join(w.dir, "state", "havip", "spool")
	eventually(t, "all outcomes are kept", func() bool { return files(t, spool) == len(rows) })
	worker.kill()
	w.redis.Restart(t)
	w.worker(t)
	w.enqueue(t, "watch", batch, "--timeout", patience.String(), "--exit-status")
	if n := len(w.creates(t)) - made; n != len(rows) {
		t.Errorf("%d requests for %d items: some were sent again", n, len(rows))
	}
	for _, r := range w.results(t, batch) {
		if r.State != "created" || r.HaVIPID == "" {
			t.Errorf("%+v", r)
		}
	}
	eventually(t, "nothing is left in the spool", func() bool { return files(t, spool) == 0 })
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
