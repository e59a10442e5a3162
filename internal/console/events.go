package console

import (
	"cmp"
	"context"
	"slices"

	"havip/ledger"
)

const (
	// eventsShown is how many events a page shows.
	eventsShown = 100
	// eventBatches bounds the batches whose newest events the page of all events shows.
	eventBatches = 20
)

// eventRow is an event with its batch.
type eventRow struct {
	ledger.Event
	Batch string
}

// eventList is the page of events, of one batch or of the newest ones.
type eventList struct {
	// Batch is "" for the newest of all batches.
	Batch string
	Rows  []eventRow
	// Older is the event before which there may be more; "" if there are none.
	Older string
}

func eventsPage(ctx context.Context, v *visit) (content, error) {
	list := eventList{Batch: v.query("batch")}
	var err error
	if list.Batch == "" {
		list.Rows, err = v.newestEvents(ctx)
	} else {
		list.Rows, err = v.eventsOf(ctx, list.Batch, v.query("before"), eventsShown)
		if len(list.Rows) == eventsShown {
			list.Older = list.Rows[eventsShown-1].ID
		}
	}
	if err == nil && list.Batch != "" && len(list.Rows) == 0 {
		_, err = v.session.Ledger.Batch(ctx, list.Batch) // which may not exist
	}
	return content{template: "events.html", Title: v.T("Events"), Section: "/events", Data: list}, err
}

// newestEvents are those of the batches that changed last.
func (v *visit) newestEvents(ctx context.Context) ([]eventRow, error) {
	batches, err := v.session.Ledger.Newest(ctx, batchesShown)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(batches, func(a, b ledger.Batch) int { return cmp.Compare(b.UpdatedAt, a.UpdatedAt) })
	var rows []eventRow
	for _, b := range batches[:min(len(batches), eventBatches)] {
		some, err := v.eventsOf(ctx, b.Name, "", eventsShown)
		if err != nil {
			return nil, err
		}
		rows = append(rows, some...)
	}
	slices.SortStableFunc(rows, func(a, b eventRow) int { return cmp.Compare(b.At, a.At) })
	return rows[:min(len(rows), eventsShown)], nil
}

func (v *visit) eventsOf(ctx context.Context, batch, before string, limit int64) ([]eventRow, error) {
	events, err := v.session.Ledger.NewestEvents(ctx, batch, before, limit)
	rows := make([]eventRow, len(events))
	for i, event := range events {
		rows[i] = eventRow{event, batch}
	}
	return rows, err
}
