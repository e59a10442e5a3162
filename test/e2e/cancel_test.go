package e2e

import (
	"testing"

	"havip/ledger"
)

// TestCancelUnderLoad cancels a batch half-way, while requests are in flight and others wait for their
// retry, and kills the first cancel. Whatever BCE has made by then is on record, nothing else exists, and
// nothing that was canceled does.
func TestCancelUnderLoad(t *testing.T) {
	t.Parallel()
	const batch, inFlight = "withdrawn", 10
	w := newStack(t, "--faults", "create:429=#4:300s,create:429=#14:300s,"+fault("create:gate-after", 31, 30+inFlight))
	w.env = append(w.env, longRequests)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rowsOf(1000)))
	w.worker(t, "--concurrency", "10", "--confirm-within", "5s")
	w.awaitGate(t, inFlight)
	w.killCancel(t, batch)
	w.enqueue(t, "cancel", batch, "--yes", "--reason", "half-way")
	sent := len(w.creates(t))
	w.endFaults(t)
	w.enqueue(t, "watch", batch, "--exit-status")
	if late := len(w.creates(t)) - sent; late > 0 {
		t.Errorf("%d creates after the cancel, where all that could be in flight were", late)
	}
	w.requireWithdrawn(t, batch, ledger.Created, ledger.Canceled)
}

// TestSlowCancelUnderLoad is the same with lost answers: an item of unknown outcome is looked up a minute after its last
// request, and not sent again.
func TestSlowCancelUnderLoad(t *testing.T) {
	t.Parallel()
	const batch, inFlight = "withdrawn", 10
	w := newStack(t, "--latency", "50ms", "--faults", "seed=3,create:commit-500=0.15,create:error-500=0.15,create:429=0.1:300s")
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rowsOf(3000)))
	w.worker(t, "--concurrency", "10", "--confirm-within", "5s")
	w.awaitCreated(t, batch, 100)
	w.killCancel(t, batch)
	w.enqueue(t, "cancel", batch, "--yes", "--reason", "half-way")
	sent := len(w.creates(t))
	w.enqueue(t, "watch", batch, "--exit-status")
	if late := len(w.creates(t)) - sent; late > inFlight {
		t.Errorf("%d creates after the cancel; at most those in flight were to end", late)
	}
	w.requireWithdrawn(t, batch, ledger.Created, ledger.Adopted, ledger.Canceled)
}

// killCancel kills a cancel of the batch that has canceled some of it and not all.
func (w *stack) killCancel(t *testing.T, batch string) {
	t.Helper()
	begun := func() bool { return w.standing(t, batch).Counts[ledger.Canceled] > 0 }
	w.killAt(t, w.newLink(t), begun, 0, "cancel", batch, "--yes")
	if b := w.standing(t, batch); b.Open() == 0 {
		t.Fatal("nothing is left to cancel")
	}
}

// requireWithdrawn holds what exists against a batch of which a part was canceled: there are items in each
// of these states, and none in another.
func (w *stack) requireWithdrawn(t *testing.T, batch string, states ...ledger.State) {
	t.Helper()
	exists := map[string]made{}
	for _, m := range w.truth(t) {
		exists[m.HaVIPID] = m
	}
	seen := map[ledger.State]int{}
	for _, r := range w.results(t, batch, "--attempts") {
		state := ledger.State(r.State)
		seen[state]++
		m, ok := exists[r.HaVIPID]
		delete(exists, r.HaVIPID)
		switch state {
		case ledger.Created, ledger.Adopted:
			if !ok || m.Name != r.Name {
				t.Errorf("item %+v: exists %+v", r, m)
			}
		case ledger.Canceled:
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
	for _, state := range states {
		if seen[state] == 0 {
			t.Errorf("no item is %s: %v", state, seen)
		}
	}
	t.Log(seen)
	w.enqueue(t, "verify", batch)
}
