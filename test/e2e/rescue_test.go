package e2e

import (
	"testing"

	"havip/ledger"
)

// rescuable is how long requests may take in these tests: less than it takes until a worker is found dead, so
// that nobody waits for those of the dead.
const rescuable = "HAVIP_REQUEST_TIMEOUT=6s"

// TestRescue kills one of two workers while its requests are under way: the other takes over what
// it held, before asynq does, and no two requests of an item are ever under way at once.
func TestRescue(t *testing.T) {
	t.Parallel()
	const batch = "rescue"
	w := newStack(t)
	w.env = append(w.env, rescuable)
	rows := rowsOf(40)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows))
	var survivor *process
	w.stopSending(t, batch, func(victim *process, atGate int) {
		if survivor == nil {
			survivor = w.worker(t, "--concurrency", "8")
			w.awaitGate(t, atGate+1) // its first request
		}
		victim.kill()
	})
	w.endFaults(t)
	w.enqueue(t, "watch", batch, "--timeout", patience.String(), "--exit-status")
	w.requireExactlyOnce(t, batch, rows)
	requireRescued(t, w.results(t, batch, "--attempts"), survivor)
}

// TestStoppedWorkerWakes stops a worker in its tracks while its requests are under way, until the
// others have taken over, and lets it go on: what it still does harms nobody.
func TestStoppedWorkerWakes(t *testing.T) {
	t.Parallel()
	const batch = "sleeper"
	w := newStack(t)
	w.env = append(w.env, rescuable)
	rows := rowsOf(40)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows))
	wake := map[*process]func(){}
	w.stopSending(t, batch, func(worker *process, _ int) { wake[worker] = worker.stop() })
	w.endFaults(t)
	awake := w.worker(t, "--concurrency", "8")
	w.enqueue(t, "watch", batch, "--timeout", patience.String(), "--exit-status")
	before := w.results(t, batch, "--attempts")
	requireRescued(t, before, awake)
	for sleeper, wakeUp := range wake {
		wakeUp()
		sleeper.awaitText(t, sayFoundDead)
	}
	for i, r := range w.requireExactlyOnce(t, batch, rows) {
		if r.HaVIPID != before[i].HaVIPID {
			t.Errorf("item %s changed when the sleeper woke: %+v", r.Key, r)
		}
	}
}

// stopSending starts a worker, and stops it in some way while six of its requests wait at the gate. On a
// machine so slow that they have been given up by then, it takes another worker.
func (w *stack) stopSending(t *testing.T, batch string, stop func(worker *process, atGate int)) {
	t.Helper()
	const atOnce = 6
	w.faults(t, fault("create:gate-before", 2, 100)) // the first proves the lane
	for before := 0; w.standing(t, batch).Counts[ledger.Sending] < 2; {
		worker := w.worker(t, "--concurrency", "6")
		w.awaitGate(t, before+atOnce)
		stop(worker, before+atOnce)
		before = w.stats(t).InFlight
	}
}

// requireRescued looks at the items whose request a worker had sent that then was dead: the survivor's
// rescuer let them go on, which asynq would have done one to two minutes later; and the next request was
// another worker's.
func requireRescued(t *testing.T, results []result, survivor *process) {
	t.Helper()
	rescued := map[string]bool{}
	for _, line := range logOf(t, survivor) {
		if line.Component == "rescuer" && line.Dead != "" {
			rescued[line.Key] = true
		}
	}
	interrupted := 0
	for _, r := range results {
		for i, attempt := range r.Log {
			if attempt.Class != "interrupted" {
				continue
			}
			interrupted++
			if !rescued[r.Key] || i+1 == len(r.Log) || r.Log[i+1].Worker == attempt.Worker {
				t.Errorf("item %s: rescued %t, %+v", r.Key, rescued[r.Key], r.Log)
			}
		}
	}
	if interrupted == 0 {
		t.Error("no request was interrupted")
	}
}
