package e2e

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// seeded returns a source of chance that a failure can be repeated with.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	n := *seed
	if n == 0 {
		n = rand.Uint64()
	}
	t.Logf("-seed %d", n)
	return rand.New(rand.NewPCG(n, n))
}

// TestKilledApply kills the producer again and again, the later times while a worker is
// already carrying out what has been enqueued.
func TestKilledApply(t *testing.T) {
	t.Parallel()
	const kills, items, batch = 12, 5000, "bulk"
	w, chance := newWorld(t), seeded(t)
	rows := rowsOf(items)
	file := w.write(t, batch+".csv", rows)
	rdb := w.redis.Client(t)
	killed := 0
	for i := range kills {
		// From one kill to the next the ledger grows, so that every run dies at work. It grows
		// by chunks, so the last may be in it early; until they are enqueued, there is work.
		const last = items * 4 / 5
		if w.applyAndKill(t, rdb, file, (i*last+chance.IntN(last))/kills, chance.IntN(60)) {
			killed++
		}
		if i == kills/2 {
			w.worker(t, "--concurrency", "40")
		}
	}
	if killed < 10 {
		t.Fatalf("only %d of %d runs were killed before they ended", killed, kills)
	}
	status := w.enqueue(t, "status", batch, "-o", "json").stdout.String()
	if killed == kills && !strings.Contains(status, `"incomplete"`) {
		t.Errorf("a batch whose producer was killed is not shown as incomplete:\n%s", status)
	}
	w.enqueue(t, "apply", file)
	again := w.enqueue(t, "apply", file)
	if said := again.stderr.String(); !strings.Contains(said, "nothing to do; all 5,000 items are known") {
		t.Errorf("applying the whole file once more says:\n%s", said)
	}
	w.enqueue(t, "watch", batch, "--timeout", "3m", "--exit-status")
	for _, r := range w.requireExactlyOnce(t, batch, rows) {
		if r.Attempts != 1 {
			t.Errorf("item %s took %d attempts, where nothing went wrong", r.Key, r.Attempts)
			break
		}
	}
}

// applyAndKill kills a run of apply some milliseconds after the ledger has so many items, and
// reports whether it did before the run had ended.
func (w *world) applyAndKill(t *testing.T, rdb redis.UniversalClient, file string, items, milliseconds int) bool {
	t.Helper()
	p := w.start(t, "enqueue", "apply", file)
	eventually(t, "apply registers items", func() bool {
		n := registered(t, rdb, "bulk")
		return n > items || p.ended()
	})
	elapsed(time.Duration(milliseconds)*time.Millisecond, p.done)
	p.kill()
	if code := p.exitCode(); code > 0 {
		t.Fatalf("apply failed with exit code %d: %s", code, p.stderr)
	}
	return p.exitCode() != 0
}

// registered counts a batch's items in the ledger.
func registered(t *testing.T, rdb redis.UniversalClient, batch string) int {
	t.Helper()
	n, err := rdb.LLen(t.Context(), "havip:{"+batch+"}:order").Result()
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

// TestConcurrentApplies lets several people apply one file at the same moment, with a worker that
// finishes items while others still find them missing.
func TestConcurrentApplies(t *testing.T) {
	t.Parallel()
	const batch = "crowd"
	w := newWorld(t)
	rows := rowsOf(1000)
	file := w.write(t, batch+".csv", rows)
	w.worker(t)
	var applies []*process
	for range 4 {
		applies = append(applies, w.start(t, "enqueue", "apply", file))
	}
	for _, p := range applies {
		if code := p.wait(t, patience); code != 0 {
			t.Errorf("exit code %d: %s", code, p.stderr)
		}
	}
	w.enqueue(t, "watch", batch, "--timeout", "60s", "--exit-status")
	w.requireExactlyOnce(t, batch, rows)
	if n := len(w.creates(t)); n != len(rows) {
		t.Errorf("%d requests for %d items", n, len(rows))
	}
}
