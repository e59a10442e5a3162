package e2e

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSignals stops workers under load with each signal that asks them to, one after the other.
func TestSignals(t *testing.T) {
	t.Parallel()
	const batch = "signals"
	w := newWorld(t, "--latency", "100ms")
	rows := rowsOf(300)
	w.enqueue(t, "apply", w.write(t, batch+".csv", rows))
	for i, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGTERM} {
		worker := w.worker(t, "--concurrency", "10")
		w.awaitCreated(t, batch, (i+1)*50)
		worker.signal(sig)
		if code := worker.wait(t, 20*time.Second); code != 0 {
			t.Errorf("%v: exit code %d", sig, code)
		}
		if said := worker.stderr.String(); !strings.Contains(said, `"message":"stopped"`) || strings.Contains(said, `"level":"error"`) {
			t.Errorf("%v: the worker says\n%s", sig, tail(said))
		}
		if s := w.stats(t); s.InFlight != 0 {
			t.Errorf("%v: the worker has left %d requests in flight", sig, s.InFlight)
		}
	}
	if n := w.stats(t).Live; n >= len(rows) {
		t.Fatalf("all %d items were done before the last signal", n)
	}
	w.worker(t)
	w.enqueue(t, "watch", batch, "--timeout", "30s", "--exit-status")
	for _, r := range w.requireExactlyOnce(t, batch, rows) {
		if r.Attempts != 1 {
			t.Errorf("item %s: %d attempts, where every request was answered", r.Key, r.Attempts)
		}
	}
	if n := len(w.creates(t)); n != len(rows) {
		t.Errorf("%d requests for %d items", n, len(rows))
	}
}

// TestSecondSignal insists, as a person does: a worker that waits for an answer ends at once. (Two
// signals of the same moment are one.)
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "--faults", "create:stall-before:12s")
	w.enqueue(t, "apply", w.write(t, "insist.csv", rowsOf(1)))
	worker := w.worker(t)
	eventually(t, "a request is in flight", func() bool { return w.stats(t).InFlight == 1 })
	worker.signal(syscall.SIGTERM)
	worker.awaitText(t, `"message":"stopping`)
	if worker.ended() {
		t.Fatalf("the worker has ended by the first signal, exit code %d", worker.exitCode())
	}
	for began := time.Now(); !worker.ended() && time.Since(began) < 8*time.Second; {
		elapsed(200*time.Millisecond, worker.done)
		worker.signal(syscall.SIGTERM)
	}
	if code := worker.wait(t, time.Second); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	// What was cut off is known to have been begun, and nothing of it is lost.
	for _, r := range w.results(t, "insist") {
		if r.State != "sending" {
			t.Errorf("item %s is %s, want sending: its request was cut off", r.Key, r.State)
		}
	}
}

// TestStopWhileWaiting: tasks that wait for their lane's rate are put back when the worker stops,
// at once and without having been attempted.
func TestStopWhileWaiting(t *testing.T) {
	t.Parallel()
	const batch, burst = "slow", 5
	w := newWorld(t)
	rows := rowsOf(30)
	w.enqueue(t, "apply", w.write(t, batch+".csv", rows))
	worker := w.worker(t, "--rps", "0.05", "--concurrency", "10")
	w.awaitCreated(t, batch, burst)
	worker.signal(syscall.SIGTERM)
	if code := worker.wait(t, 10*time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := len(w.creates(t)); n != burst {
		t.Errorf("%d creates were sent, want the %d that the rate allows at once", n, burst)
	}
	w.worker(t)
	w.enqueue(t, "watch", batch, "--timeout", "30s", "--exit-status")
	for _, r := range w.requireExactlyOnce(t, batch, rows) {
		if r.Attempts != 1 {
			t.Errorf("item %s: %d attempts, though only waiting was cut short", r.Key, r.Attempts)
		}
	}
}
