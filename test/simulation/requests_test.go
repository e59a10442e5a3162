package simulation

import "time"

// requests are those of an item, as its ledger knows them.
type requests struct {
	generation int
	// number is that of the last one.
	number int
	// first is when the first of them was begun that may have created something.
	first time.Time
}

// noteRequest notes that a create of an item is sent. If nothing was unknown, or it has another clientToken, those before
// it created nothing.
func (x *site) noteRequest(key string) {
	item, err := x.ledger.Item(background, batchName, key)
	if err != nil {
		return
	}
	attempts, _ := x.ledger.Attempts(background, item)
	r := x.requests[key]
	for _, a := range attempts {
		if a.Op != "" || a.Number <= r.number {
			continue
		}
		if r.number = a.Number; r.first.IsZero() || !item.Record.Unknown || a.Generation != r.generation {
			r.first = a.At.Time().Add(-x.ahead)
		}
		r.generation = a.Generation
	}
	x.requests[key] = r
}
