package e2e

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"havip/ledger"
)

// TestKilledRedis kills Redis under a running batch, twice, brings it back with what its
// append-only file has, and lets it hang for longer than anybody waits for an answer. Each time, requests
// are under way that end meanwhile, and have nowhere to be recorded but in files.
func TestKilledRedis(t *testing.T) {
	t.Parallel()
	const batch, atOnce = "outage", 6
	w := newStack(t)
	w.env = append(w.env, longRequests)
	rows := fixedRowsOf(150)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows))
	w.faults(t, fault("create:gate-after", 2, 1+atOnce)+",seed=3,create:commit-reset=0.05")
	worker := w.worker(t, "--concurrency", "6")
	for i, outage := range []struct{ begin, end func() }{
		{w.redis.Kill, func() { w.redis.Restart(t) }},
		{w.redis.Kill, func() { w.redis.Restart(t) }},
		{w.redis.Stop, w.redis.Resume},
	} {
		w.awaitGate(t, atOnce)
		eventually(t, "what was kept before is recorded", func() bool { return files(t, w.spool()) == 0 })
		outage.begin()
		w.faults(t, fault("create:gate-after", 20, 19+atOnce)+",seed=3,create:commit-reset=0.05")
		w.openGate(t)
		eventually(t, "all outcomes are kept", func() bool { return files(t, w.spool()) == atOnce })
		if i == 2 {
			w.faults(t, "")
		}
		outage.end()
	}
	w.enqueue(t, "watch", batch, "--timeout", patience.String(), "--exit-status")
	w.requireExactlyOnce(t, batch, rows)
	if worker.ended() {
		t.Errorf("the worker did not survive, exit code %d", worker.exitCode())
	}
}

// spool is where workers keep outcomes that they cannot record.
func (w *stack) spool() string { return filepath.Join(w.dir, "state", "havip", "spool") }

// TestRedisDiesUnderApply: the producer says how far it came and what to do, and doing it is all
// that is needed.
func TestRedisDiesUnderApply(t *testing.T) {
	t.Parallel()
	const items, batch = 2500, "cut"
	w := newStack(t)
	file := w.write(t, batch+".csv", rowsOf(items))
	rdb := w.redis.Client(t)
	// The first thousand are registered by then, and some of their tasks put in; the last rows are not registered.
	p := w.stopAfter(t, 1_200_000, "apply", "--yes", file)
	w.redis.Kill()
	if code := p.wait(t); code != 5 {
		t.Errorf("exit code %d: %s", code, p.stderr)
	}
	w.redis.Restart(t)
	if b := w.standing(t, batch); b.CommittedAt != 0 || b.Total == 0 || b.Total == items {
		t.Errorf("of %d items: %+v", items, b)
	}
	status := w.enqueue(t, "status", batch)
	said := regexp.MustCompile(`(?m)^enqueue: .* of 2,500 rows`).ReplaceAllString(p.stderr.String(), "enqueue: CAUSE; SOME of 2,500 rows")
	golden(t, "TestRedisDiesUnderApply", strings.ReplaceAll(said+status.stderr.String(), w.dir, "DIR"))
	w.enqueue(t, "apply", "--yes", file)
	if n, b := tasksOf(t.Context(), rdb), w.standing(t, batch); n != items || b.Counts[ledger.Queued] != items || b.CommittedAt == 0 {
		t.Errorf("%d tasks in the queue and in the ledger %+v, want %d", n, b, items)
	}
}
