package e2e

import (
	"testing"
	"time"
)

// TestPauseStopsTheFleet pauses a lane that two workers serve under load, and resumes it: nothing is
// sent in between, and nothing is lost or doubled by it.
func TestPauseStopsTheFleet(t *testing.T) {
	t.Parallel()
	const batch = "pausing"
	w := newWorld(t, "--latency", "100ms")
	rows := rowsOf(400)
	w.enqueue(t, "apply", w.write(t, batch+".csv", rows))
	w.worker(t, "--concurrency", "10")
	w.worker(t, "--concurrency", "10")
	w.awaitCreated(t, batch, 40)
	w.enqueue(t, "pause", "default/bj", "--reason", "maintenance")
	if n := w.standstill(t); n >= len(rows) {
		t.Fatalf("all %d items were created under a pause", n)
	}
	w.enqueue(t, "resume", "default/bj")
	w.enqueue(t, "watch", batch, "--timeout", "60s", "--exit-status")
	for _, r := range w.requireExactlyOnce(t, batch, rows) {
		if r.Attempts != 1 {
			t.Errorf("item %s: %d attempts, where every request was answered", r.Key, r.Attempts)
		}
	}
}

// standstill returns how many creates there were once there has been none for a while, which is
// far longer than the next one takes where nothing holds it back.
func (w *world) standstill(t *testing.T) int {
	t.Helper()
	const quiet = 3 * time.Second
	seen, since := -1, time.Now()
	eventually(t, "a standstill", func() bool {
		if n := w.stats(t).Operations["create"]; n != seen {
			seen, since = n, time.Now()
		}
		return time.Since(since) > quiet
	})
	return seen
}
