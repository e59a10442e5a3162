package e2e

import (
	"strings"
	"testing"
	"time"
)

// TestKilledRedis kills Redis under a running batch, twice, brings it back with what its
// append-only file has, and lets it hang for a while.
func TestKilledRedis(t *testing.T) {
	t.Parallel()
	const batch = "outage"
	w := newWorld(t, "--latency", "50ms", "--faults", "seed=3,create:commit-reset=0.05")
	rows := rowsOf(600)
	w.enqueue(t, "apply", w.write(t, batch+".csv", rows))
	worker := w.worker(t, "--concurrency", "15")
	for _, n := range []int{100, 300} {
		w.awaitCreated(t, batch, n)
		w.redis.Kill()
		// Requests in flight end meanwhile, and have nowhere to be recorded.
		elapsed(2*time.Second, worker.done)
		w.redis.Restart(t)
	}
	// And once it only hangs, for longer than anybody waits for an answer.
	w.awaitCreated(t, batch, 450)
	w.redis.Stop()
	elapsed(5*time.Second, worker.done)
	w.redis.Resume()
	w.enqueue(t, "watch", batch, "--timeout", recovery.String(), "--exit-status")
	w.requireExactlyOnce(t, batch, rows)
	if worker.ended() {
		t.Errorf("the worker did not survive, exit code %d", worker.exitCode())
	}
}

// TestRedisDiesUnderApply: the producer says how far it came and what to do, and doing it is all
// that is needed.
func TestRedisDiesUnderApply(t *testing.T) {
	t.Parallel()
	const items, batch = 5000, "cut"
	w := newWorld(t)
	file := w.write(t, batch+".csv", rowsOf(items))
	rdb := w.redis.Client(t)
	p := w.start(t, "enqueue", "apply", file)
	eventually(t, "apply registers items", func() bool { return registered(t, rdb, batch) > 1000 || p.ended() })
	w.redis.Kill()
	if code := p.wait(t, patience); code != 5 || !strings.Contains(p.stderr.String(), "registered so far; run the same command again to go on") {
		t.Errorf("exit code %d: %s", code, p.stderr)
	}
	w.redis.Restart(t)
	if said := w.enqueue(t, "status", batch).stderr.String(); !strings.Contains(said, "is incomplete") || !strings.Contains(said, batch+".csv again") {
		t.Errorf("status does not tell that the file is to be applied again: %s", said)
	}
	w.enqueue(t, "apply", file)
	results := w.results(t, batch)
	if n, err := rdb.LLen(t.Context(), "asynq:{havip.default.bj}:pending").Result(); err != nil || n != items || len(results) != items {
		t.Errorf("%d items in the ledger and %d tasks in the queue, want %d: %v", len(results), n, items, err)
	}
}
