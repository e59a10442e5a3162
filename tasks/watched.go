package tasks

import (
	"sync"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

// The bounds of a [watchlist]. An entry that was not met for watchedFor may be dropped; if it is dropped too early,
// watching starts again.
const (
	watchedFor = time.Hour
	maxWatched = 10_000
)

// watchlist stores which items had another attempt in flight, which attempt, and since when by this process's monotonic
// clock. Its zero value is ready, and it is safe for concurrent use.
type watchlist struct {
	mu  sync.Mutex
	met map[ledger.Owner]meeting
	// ahead is how far a test's clock is ahead.
	ahead time.Duration
}

type meeting struct {
	ticket      string
	first, last time.Time
}

// watched returns how long the item's last known attempt has been watched.
func (w *watchlist) watched(item ledger.Owner) lifecycle.Watched {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, known := w.met[item]
	if !known {
		return lifecycle.Watched{}
	}
	return lifecycle.Watched{Ticket: m.ticket, For: w.now().Sub(m.first)}
}

// meet records that the item's attempt with this ticket is in flight.
func (w *watchlist) meet(item ledger.Owner, ticket string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	m, known := w.met[item]
	switch {
	case !known:
		w.makeRoom(now)
		m = meeting{ticket, now, now}
	case m.ticket != ticket:
		m = meeting{ticket, now, now}
	}
	m.last = now
	w.met[item] = m
}

// forget removes an item that has no other attempt in flight.
func (w *watchlist) forget(item ledger.Owner) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.met, item)
}

// makeRoom is called with mu held.
func (w *watchlist) makeRoom(now time.Time) {
	if w.met == nil {
		w.met = map[ledger.Owner]meeting{}
	}
	if len(w.met) < maxWatched {
		return
	}
	for item, m := range w.met {
		if now.Sub(m.last) > watchedFor {
			delete(w.met, item)
		}
	}
	for item := range w.met {
		if len(w.met) < maxWatched {
			return
		}
		delete(w.met, item)
	}
}

func (w *watchlist) now() time.Time { return time.Now().Add(w.ahead) }
