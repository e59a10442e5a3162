package e2e

import (
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"havip/ledger"
)

// TestSignals stops workers with each signal that asks them to, one after the other, while all that they
// may send at once is under way.
func TestSignals(t *testing.T) {
	t.Parallel()
	const batch, atOnce = "signals", 8
	w := newStack(t)
	w.env = append(w.env, longRequests)
	rows := rowsOf(60)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows))
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		w.faults(t, fault("create:gate-before", 2, 1+atOnce)) // the first proves the lane
		worker := w.worker(t, "--concurrency", "8")
		w.awaitGate(t, atOnce)
		worker.signal(sig)
		worker.awaitText(t, sayStopping)
		if worker.ended() {
			t.Errorf("%v: the worker has ended with %d requests in flight", sig, atOnce)
		}
		w.endFaults(t)
		if code := worker.wait(t); code != 0 {
			t.Errorf("%v: exit code %d", sig, code)
		}
		for _, line := range logOf(t, worker) {
			if line.Level == "error" {
				t.Errorf("%v: the worker logs %+v", sig, line)
			}
		}
	}
	if counts := w.standing(t, batch).Counts; counts[ledger.Created]+counts[ledger.Queued] != int64(len(rows)) || counts[ledger.Queued] == 0 {
		t.Errorf("after the last signal: %v", counts)
	}
	w.worker(t)
	w.enqueue(t, "watch", batch, "--timeout", patience.String(), "--exit-status")
	w.requireEachAnsweredOnce(t, batch, rows)
}

// TestSecondSignal insists, as a person does: a worker that waits for an answer ends at once. (Two
// signals of the same moment are one.)
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	const batch = "insist"
	w := newStack(t, "--faults", "create:gate-before")
	w.env = append(w.env, longRequests)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rowsOf(1)))
	worker := w.worker(t)
	w.awaitGate(t, 1)
	worker.signal(syscall.SIGTERM)
	worker.awaitText(t, sayStopping)
	if worker.ended() {
		t.Fatalf("the worker has ended by the first signal, exit code %d", worker.exitCode())
	}
	eventually(t, "the worker ends", func() bool {
		worker.signal(syscall.SIGTERM)
		return worker.ended()
	})
	if code := worker.exitCode(); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	// What was cut off is known to have been begun, and nothing of it is lost.
	if counts := w.standing(t, batch).Counts; counts[ledger.Sending] != 1 {
		t.Errorf("%v, where a request was cut off", counts)
	}
}

// TestHangups: a terminal that closes sends SIGHUP more than once, and nobody insists by that.
func TestHangups(t *testing.T) {
	t.Parallel()
	const batch = "hangups"
	w := newStack(t, "--faults", "create:gate-before")
	w.env = append(w.env, longRequests)
	rows := rowsOf(1)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows))
	worker := w.worker(t)
	w.awaitGate(t, 1)
	worker.signal(syscall.SIGTERM)
	worker.awaitText(t, sayStopping)
	for range 3 {
		elapsed(100*time.Millisecond, worker.done) // signals of one moment are one
		worker.signal(syscall.SIGHUP)
	}
	w.endFaults(t)
	if code := worker.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	w.requireExactlyOnce(t, batch, rows)
}

// TestNohup: a worker that was started with SIGHUP ignored goes on.
func TestNohup(t *testing.T) {
	t.Parallel()
	const batch = "nohup"
	w := newStack(t)
	worker := start(t, command{program: "/bin/sh", args: []string{"-c", "trap '' HUP; exec worker --rps 0"}, env: w.env, dir: w.dir})
	worker.awaitText(t, sayReady)
	worker.signal(syscall.SIGHUP)
	rows := rowsOf(5)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows), "--wait")
	w.requireExactlyOnce(t, batch, rows)
	worker.signal(syscall.SIGTERM)
	if code := worker.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestUnwritableLog: a worker whose log nobody reads any more, or whose disk is full, works as any other.
func TestUnwritableLog(t *testing.T) {
	t.Parallel()
	logs := map[string]func(t *testing.T) *os.File{
		"reader-gone": func(t *testing.T) *os.File {
			t.Helper()
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			_ = reader.Close() // it was not used
			return writer
		},
	}
	if runtime.GOOS == "linux" { // which has a file for it
		logs["disk-full"] = func(t *testing.T) *os.File {
			t.Helper()
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			return full
		}
	}
	for name, open := range logs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newStack(t)
			log := open(t)
			worker := start(t, command{program: "worker", args: []string{"--rps", "0", "--log-level", "trace"}, env: w.env, dir: w.dir, both: log})
			_ = log.Close() // the worker has its own
			rows := rowsOf(20)
			w.enqueue(t, "apply", "--yes", w.write(t, name+".csv", rows), "--wait")
			w.requireExactlyOnce(t, name, rows)
			worker.signal(syscall.SIGTERM)
			if code := worker.wait(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

// TestStopWhileWaiting: tasks that wait for their lane's rate are put back when the worker stops,
// at once and without having been attempted.
func TestStopWhileWaiting(t *testing.T) {
	t.Parallel()
	const batch, burst = "slow", 5
	w := newStack(t)
	rows := rowsOf(30)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows))
	// After the burst, the next request is due in a quarter of an hour.
	worker := w.worker(t, "--rps", "0.001", "--concurrency", "10")
	w.awaitCreated(t, batch, burst)
	worker.signal(syscall.SIGTERM)
	if code := worker.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := len(w.creates(t)); n != burst {
		t.Errorf("%d creates were sent, want the %d that the rate allows at once", n, burst)
	}
	w.worker(t)
	w.enqueue(t, "watch", batch, "--timeout", patience.String(), "--exit-status")
	for _, r := range w.requireExactlyOnce(t, batch, rows) {
		if r.Attempts != 1 {
			t.Errorf("item %s: %d attempts, though only waiting was cut short", r.Key, r.Attempts)
		}
	}
}
