package ledger

import (
	"time"

	"havip/lifecycle"
)

// Known is an item as the ledger last returned it. Passing it to the next operation on the item saves a read: the decision is made from it, and committed only if the item is unchanged. Otherwise the item is read, and the
// decision is made again. The zero value makes the operation read the item.
type Known struct{ read read }

// maxKnown is the maximum age of a known item: about as long as a request takes. It also bounds how long
// the ledger's time is extrapolated by the local clock.
const maxKnown = 30 * time.Second

// recall returns a known item with the current time, if it is recent and has that entry of its request log.
func (l *Ledger) recall(known Known, entryOf func(Record) lifecycle.LogKey) (r read, ok bool) {
	r = known.read
	since, steady := elapsed(r.at)
	if r.record == "" || !steady || since > maxKnown || entryOf(r.Record) != r.entryKey {
		return read{}, false
	}
	// Not from Now, which is later than readAt if the item was recalled before.
	if r.Now = r.readAt + Millis(since.Milliseconds()); l.now != nil {
		r.Now = Millis(l.now().UnixMilli())
	}
	return r, true
}

// maxClockError is how far the local clocks may disagree about how much time has passed.
const maxClockError = lifecycle.AgeSlack / 3

// elapsed returns the time since a moment. Steady is false if the local clocks disagree about it: the wall clock was set, or
// the machine was suspended, when the monotonic clock stops.
func elapsed(since time.Time) (passed time.Duration, steady bool) {
	passed = time.Since(since)
	return passed, agree(passed, time.Now().Round(0).Sub(since.Round(0)))
}

func agree(monotonic, wall time.Duration) bool { return (wall - monotonic).Abs() <= maxClockError }
