package ledgermodel_test

import (
	"errors"
	"time"

	"pgregory.net/rapid"

	"havip/ledger"
)

// everything is all that the ledger shows of a batch.
type everything struct {
	Batch    ledger.Batch
	Items    []ledger.Item
	Attempts map[string][]ledger.Attempt
	Events   []ledger.Event
	Stale    []ledger.Item
}

func (w *twins) readAll(t *rapid.T, batch string) everything {
	all := everything{
		Batch: w.readBatch(t, batch), Items: w.readItems(t, batch), Attempts: map[string][]ledger.Attempt{},
		Events: w.readEvents(t, batch), Stale: w.readStale(t, batch, 0),
	}
	for _, item := range all.Items {
		all.Attempts[item.Key] = w.readLog(t, item)
	}
	return all
}

// readBatch is of the zero one when there is none. When a batch was last updated, nothing rests on.
func (w *twins) readBatch(t *rapid.T, name string) ledger.Batch {
	batch, err := w.ledger.Batch(t.Context(), name)
	var missing *ledger.BatchNotFoundError
	if errors.As(err, &missing) {
		return ledger.Batch{}
	}
	ok(t, err)
	batch.UpdatedAt = 0
	return batch
}

func (w *twins) readBatches(t *rapid.T) []ledger.Batch {
	batches, err := w.ledger.Batches(t.Context())
	ok(t, err)
	for i := range batches {
		batches[i].UpdatedAt = 0
	}
	return batches
}

func (w *twins) readItems(t *rapid.T, batch string) []ledger.Item {
	var items []ledger.Item
	for item, err := range w.ledger.Items(t.Context(), batch) {
		ok(t, err)
		items = append(items, item)
	}
	return items
}

func (w *twins) readLog(t *rapid.T, item ledger.Item) []ledger.Attempt {
	attempts, err := w.ledger.Attempts(t.Context(), item)
	ok(t, err)
	return attempts
}

// readEvents leaves out their IDs, which are Redis's.
func (w *twins) readEvents(t *rapid.T, batch string) []ledger.Event {
	events, err := w.ledger.Events(t.Context(), batch, "", 10_000, 0)
	ok(t, err)
	for i := range events {
		events[i].ID = ""
	}
	return events
}

func (w *twins) readStale(t *rapid.T, batch string, unmoved time.Duration) []ledger.Item {
	items, err := w.ledger.Stale(t.Context(), batch, unmoved, 0, 10)
	ok(t, err)
	if len(items) == 0 {
		return nil
	}
	return items
}
