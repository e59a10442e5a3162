package e2e

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/redis/go-redis/v9"

	"havip/ledger"
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
	killAndFinish(t, 6, 1200) // two chunks, and several of what a call to Redis enters
}

func TestSlowKilledApply(t *testing.T) {
	t.Parallel()
	killAndFinish(t, 12, 5000)
}

func killAndFinish(t *testing.T, kills, items int) {
	t.Helper()
	const batch = "bulk"
	w, chance := newStack(t), seeded(t)
	w.env = append(w.env, longRequests)
	rows, l := rowsOf(items), w.newLink(t)
	file := w.write(t, batch+".csv", rows)
	for i := range kills {
		last := 2 * items * 4 / 5 // what is left gives every run something to die in
		w.killApply(t, l, file, (i*last+chance.IntN(last))/kills, chance.IntN(killSpread))
		if i == kills/2 {
			w.worker(t, "--concurrency", "40")
		}
	}
	if phase := w.phase(t, batch); phase != "incomplete" {
		t.Errorf("a batch whose producer was killed is shown as %q", phase)
	}
	w.enqueue(t, "apply", "--yes", file)
	w.enqueue(t, "plan", file, "--detailed-exitcode") // nothing is to do
	w.enqueue(t, "apply", "--yes", file)
	w.enqueue(t, "watch", batch, "--exit-status")
	for _, r := range w.requireExactlyOnce(t, batch, rows) {
		if r.Attempts != 1 {
			t.Errorf("item %s took %d attempts, where nothing went wrong", r.Key, r.Attempts)
			break
		}
	}
}

// killSpread is how many bytes further than what it has reached a producer is killed: less than it sends to
// register a hundred items and put in their tasks, or to find out how three hundred stand.
const killSpread = 64 << 10

// killApply kills a run of apply so many bytes after its progress exceeds this.
func (w *stack) killApply(t *testing.T, l *link, file string, progress, bytes int) {
	t.Helper()
	rdb := w.redis.Client(t)
	w.killAt(t, l, func() bool { return w.applied(t, rdb, "bulk") > progress }, bytes, "apply", "--yes", file)
}

// applied is how far a batch is put in, from 0 to twice its rows: an item counts when it is registered, and
// once more when its task is put in. One that just runs may count thrice.
func (w *stack) applied(t *testing.T, rdb redis.UniversalClient, batch string) int {
	t.Helper()
	n := registered(t, rdb, batch)
	if n == 0 {
		return 0
	}
	b := w.standing(t, batch)
	return n + int(tasksOf(t.Context(), rdb)+b.Total-b.Counts[ledger.Queued])
}

// phase is a batch's, as `enqueue status` shows it.
func (w *stack) phase(t *testing.T, batch string) string {
	t.Helper()
	var shown struct{ Phase string }
	text := w.enqueue(t, "status", batch, "-o", "ndjson").stdout.String()
	if err := json.Unmarshal([]byte(text), &shown); err != nil {
		t.Fatalf("status %q: %v", text, err)
	}
	return shown.Phase
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
	w := newStack(t)
	w.env = append(w.env, longRequests)
	rows := rowsOf(500)
	file := w.write(t, batch+".csv", rows)
	w.worker(t)
	var applies []*process
	for range 4 {
		applies = append(applies, w.start(t, "enqueue", "apply", "--yes", file))
	}
	for _, p := range applies {
		if code := p.wait(t); code != 0 {
			t.Errorf("exit code %d: %s", code, p.stderr)
		}
	}
	w.enqueue(t, "watch", batch, "--exit-status")
	w.requireExactlyOnce(t, batch, rows)
	if n := len(w.creates(t)); n != len(rows) {
		t.Errorf("%d requests for %d items", n, len(rows))
	}
}
