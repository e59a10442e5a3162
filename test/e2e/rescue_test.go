package e2e

import (
	"syscall"
	"testing"
	"time"
)

// rescuedWithin bounds the time from a dead worker's request to the next one of its item, on a
// machine under load; asynq alone takes 60 to 125 seconds. A task that the worker had only just
// taken, and not noted yet, still takes that long: the tests wait for it, and do not count it.
const rescuedWithin = 40 * time.Second

// TestRescue kills one of two workers while its requests are under way: the other takes over what
// it held, soon, and no two requests of an item are ever under way at once.
func TestRescue(t *testing.T) {
	t.Parallel()
	const batch = "rescue"
	w := newWorld(t)
	rows := rowsOf(60)
	w.enqueue(t, "apply", w.write(t, batch+".csv", rows))
	dead := w.worker(t, "--concurrency", "8")
	w.awaitCreated(t, batch, 3)
	w.faults(t, "create:stall-before:3s")
	w.worker(t, "--concurrency", "8")
	eventually(t, "requests of both are under way", func() bool { return w.stats(t).InFlight >= 9 })
	dead.kill()
	w.faults(t, "")
	w.enqueue(t, "watch", batch, "--timeout", recovery.String(), "--exit-status")
	w.requireExactlyOnce(t, batch, rows)
	w.requireRescued(t, batch)
}

// TestStoppedWorkerWakes stops a worker in its tracks while its requests are under way, until the
// others have taken over, and lets it go on: what it still does harms nobody.
func TestStoppedWorkerWakes(t *testing.T) {
	t.Parallel()
	const batch = "sleeper"
	w := newWorld(t)
	rows := rowsOf(60)
	w.enqueue(t, "apply", w.write(t, batch+".csv", rows))
	sleeper := w.worker(t, "--concurrency", "8")
	w.awaitCreated(t, batch, 3)
	w.faults(t, "create:stall-before:2s")
	eventually(t, "its requests are under way", func() bool { return w.stats(t).InFlight >= 4 })
	sleeper.signal(syscall.SIGSTOP)
	w.faults(t, "")
	w.worker(t, "--concurrency", "8")
	w.enqueue(t, "watch", batch, "--timeout", recovery.String(), "--exit-status")
	before := w.results(t, batch)
	sleeper.signal(syscall.SIGCONT)
	sleeper.awaitText(t, "found dead by the fleet")
	for i, r := range w.results(t, batch) {
		if r.HaVIPID != before[i].HaVIPID || r.State != "created" {
			t.Errorf("item %s changed when the sleeper woke: %+v", r.Key, r)
		}
	}
	w.requireExactlyOnce(t, batch, rows)
	w.requireRescued(t, batch)
}

// requireRescued looks at the items whose request a dead worker had sent: the next one came soon.
func (w *world) requireRescued(t *testing.T, batch string) {
	t.Helper()
	taken := 0
	for _, r := range w.results(t, batch, "--attempts") {
		if len(r.Log) < 2 {
			continue
		}
		taken++
		if gap := r.Log[1].At.Sub(r.Log[0].At); gap > rescuedWithin {
			t.Errorf("item %s went on after %s", r.Key, gap)
		}
	}
	if taken == 0 {
		t.Error("no item was taken over: the worker died too early or too late")
	}
}
