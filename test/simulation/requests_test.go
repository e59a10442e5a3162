package simulation

import (
	"time"

	"havip/ledger"
	"havip/tasks"
)

// requests are those of an item under its present clientToken, as a ledger knows them.
type requests struct {
	generation int
	// number is that of the last one.
	number int
	// first is when the first of them was begun that may have created something; unknown says that the outcome of one
	// before the last is unknown.
	first   time.Time
	unknown bool
}

// noteRequest notes that a create of an item is sent. Those before it count as the ledger knows them now: what BCE
// refused while nothing was unknown created nothing.
func (x *site) noteRequest(key string) {
	item, err := x.ledger.Item(background, batchName, key)
	if err != nil {
		return
	}
	attempts, _ := x.ledger.Attempts(background, item)
	r := x.requests[key]
	for i, a := range attempts {
		if a.Op != "" || a.Number <= r.number {
			continue
		}
		r.number = a.Number
		switch begun := a.At.Time().Add(-x.ahead); {
		case a.Generation != r.generation:
			r.generation, r.first, r.unknown = a.Generation, begun, false
		case i > 0 && !refused(attempts[i-1]):
			r.unknown = true
		case !r.unknown:
			r.first = begun
		}
	}
	x.requests[key] = r
}

// refused reports whether BCE said no to the request, or never received it.
func refused(a ledger.Attempt) bool {
	switch tasks.Class(a.Class) {
	case tasks.ClassThrottled, tasks.ClassLaneFault, tasks.ClassNotSent, tasks.ClassRejected:
		return true
	default:
		return false
	}
}
