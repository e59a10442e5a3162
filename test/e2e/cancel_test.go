package e2e

import (
	"strings"
	"testing"
)

// TestCancelUnderLoad cancels a batch half-way, while answers are lost and requests fail, and kills the
// first cancel. Whatever BCE has made by then is on record, nothing else exists, and nothing that was
// canceled does.
func TestCancelUnderLoad(t *testing.T) {
	t.Parallel()
	const batch, n = "withdrawn", 3000
	w := newWorld(t, "--latency", "50ms", "--faults", "seed=3,create:commit-500=0.15,create:error-500=0.15,create:429=0.1:300s")
	rows := rowsOf(n)
	w.enqueue(t, "apply", w.write(t, batch+".csv", rows))
	w.worker(t, "--concurrency", "10")
	w.awaitCreated(t, batch, 100)
	killed := w.start(t, "enqueue", "cancel", batch, "--yes")
	rdb := w.redis.Client(t)
	eventually(t, "the cancel is at work", func() bool {
		return rdb.HExists(t.Context(), "havip:{"+batch+"}:batch", "n:canceled").Val()
	})
	killed.kill()
	w.enqueue(t, "cancel", batch, "--yes", "--reason", "half-way")
	sent := w.stats(t).Operations["create"]
	w.enqueue(t, "watch", batch, "--timeout", "3m", "--exit-status")
	if late := w.stats(t).Operations["create"] - sent; late > 10 {
		t.Errorf("%d creates after the cancel; at most those in flight were to end", late)
	}
	requireWithdrawn(t, w.results(t, batch, "--attempts"), w.truth(t))
	said := w.enqueue(t, "verify", batch).stdout.String()
	if !strings.Contains(said, "they agree") {
		t.Errorf("verify says %s", said)
	}
}

// requireWithdrawn holds what exists against a batch of which a part was canceled.
func requireWithdrawn(t *testing.T, results []result, truth []made) {
	t.Helper()
	exists := map[string]made{}
	for _, m := range truth {
		exists[m.HaVIPID] = m
	}
	states := map[string]int{}
	for _, r := range results {
		states[r.State]++
		m, ok := exists[r.HaVIPID]
		delete(exists, r.HaVIPID)
		switch r.State {
		case "created", "adopted":
			if !ok || m.Name != r.Name {
				t.Errorf("item %+v: exists %+v", r, m)
			}
		case "canceled":
			if r.HaVIPID != "" {
				t.Errorf("item %+v is canceled and has a HaVIP", r)
			}
		default:
			t.Errorf("item %+v is neither created nor canceled", r)
		}
	}
	for _, m := range exists {
		t.Errorf("%+v belongs to nobody", m)
	}
	for _, state := range []string{"created", "adopted", "canceled"} {
		if states[state] == 0 {
			t.Errorf("no item is %s: %v", state, states)
		}
	}
	t.Log(states)
}
