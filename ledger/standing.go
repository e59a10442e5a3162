package ledger

import (
	"time"

	"havip/lifecycle"
)

// Standing is an item as its ledger answered it last. Whoever decides about the item next gives it back, and spares
// Redis to read what is known: a decision is committed only if the item still stands so, and is made from what is read
// otherwise. The zero value is an item that is to be read.
type Standing struct{ read read }

// maxStanding is for how long an item is worth trying without reading it: as long as a request takes. It bounds, too, by
// how much the ledger's clock is believed to go on as ours does.
const maxStanding = 30 * time.Second

// recall is what is known of an item, as of now, if it will do for a decision about that entry of its request log.
func (l *Ledger) recall(known Standing, entryOf func(Record) lifecycle.LogKey) (r read, ok bool) {
	r = known.read
	since := elapsed(r.at)
	if r.record == "" || since > maxStanding || entryOf(r.Record) != r.entryKey {
		return read{}, false
	}
	if r.Now += Millis(since.Milliseconds()); l.now != nil {
		r.Now = Millis(l.now().UnixMilli())
	}
	return r, true
}

// elapsed is how long ago a moment was, also while the machine was suspended: the monotonic clock stands still then.
func elapsed(since time.Time) time.Duration {
	return max(time.Since(since), time.Now().Round(0).Sub(since.Round(0)))
}
