package tasks

import (
	"strconv"
	"testing"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

// An attempt is watched from when it was met first; another of the same item is watched anew.
func TestWatchlist(t *testing.T) {
	t.Parallel()
	var w watchlist
	a := ledger.Owner{Batch: "b", Key: "a"}
	if got := w.watched(a); got != (lifecycle.Watched{}) {
		t.Errorf("never met: %+v", got)
	}
	w.meet(a, "t1")
	w.ahead += time.Minute
	w.meet(a, "t1")
	if got := w.watched(a); got.Ticket != "t1" || got.For < time.Minute {
		t.Errorf("met twice: %+v", got)
	}
	w.meet(a, "t2")
	if got := w.watched(a); got.Ticket != "t2" || got.For > time.Minute/2 {
		t.Errorf("another attempt: %+v", got)
	}
	w.forget(a)
	if got := w.watched(a); got != (lifecycle.Watched{}) {
		t.Errorf("forgotten: %+v", got)
	}
}

// What is remembered is bounded, and what was met long ago goes first.
func TestWatchlistIsBounded(t *testing.T) {
	t.Parallel()
	var w watchlist
	item := func(n int) ledger.Owner { return ledger.Owner{Batch: "b", Key: strconv.Itoa(n)} }
	for n := range maxWatched {
		if n == maxWatched/2 {
			w.ahead = watchedFor + time.Minute
		}
		w.meet(item(n), "t")
	}
	w.meet(item(maxWatched), "t")
	if got := len(w.met); got != maxWatched/2+1 {
		t.Errorf("%d are left, want those that were met within %s", got, watchedFor)
	}
	for n := range maxWatched {
		w.meet(item(2*maxWatched+n), "t")
	}
	if got := len(w.met); got != maxWatched {
		t.Errorf("%d are remembered, want %d", got, maxWatched)
	}
}
