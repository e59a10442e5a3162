package e2e

import (
	"testing"
	"time"

	"havip/internal/worker"
	"havip/ledger"
)

// TestPauseStopsTheFleet pauses a lane while two workers have all under way that they may send at once, and
// resumes it: nothing else is sent in between, and nothing is lost or doubled by it.
func TestPauseStopsTheFleet(t *testing.T) {
	t.Parallel()
	const batch, before = "pausing", 12
	// Of each worker, the first call proves the lane, and five wait at the gate.
	w := newStack(t, "--faults", fault("create:gate-before", 2, 6)+","+fault("create:gate-before", 8, 12))
	w.env = append(w.env, longRequests)
	rows := rowsOf(100)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows))
	w.worker(t, "--concurrency", "5")
	w.awaitGate(t, 5)
	w.worker(t, "--concurrency", "5")
	w.awaitGate(t, 10)
	w.enqueue(t, "pause", "default/bj", "--reason", "maintenance")
	// A worker learns of it a quarter of a second later.
	elapsed(time.Second, nil)
	w.openGate(t)
	if n := w.standstill(t); n != before {
		t.Errorf("%d items were created under a pause", n-before)
	}
	if counts := w.standing(t, batch).Counts; counts[ledger.Created] != before || counts[ledger.Queued] != int64(len(rows)-before) {
		t.Errorf("under the pause: %v", counts)
	}
	w.enqueue(t, "resume", "default/bj")
	w.enqueue(t, "watch", batch, "--timeout", patience.String(), "--exit-status")
	for _, r := range w.requireExactlyOnce(t, batch, rows) {
		if r.Attempts != 1 {
			t.Errorf("item %s: %d attempts, where every request was answered", r.Key, r.Attempts)
		}
	}
}

// standstill returns how many creates there were once none is in flight, and each living worker has beaten
// twice without another. Where nothing holds it back, a worker begins dozens in that time.
func (w *stack) standstill(t *testing.T) int {
	t.Helper()
	fleet := ledger.New(w.redis.Client(t))
	seen, since := -1, map[string]ledger.Millis{}
	eventually(t, "a standstill", func() bool {
		s := w.stats(t)
		if n := s.Operations["create"]; n != seen || s.InFlight > 0 {
			seen = n
			clear(since)
		}
		beats, err := fleet.Beats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		still := true
		for _, beat := range beats {
			if _, known := since[beat.Worker]; !known {
				since[beat.Worker] = beat.At
			}
			still = still && beat.At.Time().Sub(since[beat.Worker].Time()) > worker.BeatEvery*3/2
		}
		return still
	})
	return seen
}
