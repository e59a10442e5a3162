package havip

import (
	"context"
	"fmt"
	"iter"

	"havip/lifecycle"
	"havip/tasks"
)

// Enqueued is the result of [Client.Enqueue].
type Enqueued struct {
	Batch
	// Added counts new items; Requeued, existing items whose task was lost; Known, existing items that
	// needed nothing, whether they succeeded or failed.
	Added, Requeued, Known int
}

// Enqueue adds the items to the batch and returns when their tasks are enqueued. Repeating the call is
// safe, with the same items or with more: existing items are left alone. Enqueue does not retry failed
// items; `enqueue retry` does.
//
// All items are validated before any is enqueued. An invalid item is an [*ItemError]; keys that have
// another request in the batch are a [*ConflictError]; the reserved name of an archived batch is a
// [*ledger.BatchNotFoundError]. After any other error, some items may have been enqueued; repeat the call
// to enqueue the rest.
func (c *Client) Enqueue(ctx context.Context, batch string, items ...Item) (Enqueued, error) {
	done := Enqueued{Batch: c.Batch(batch)}
	rows, err := c.validate(batch, items)
	if err != nil {
		return done, err
	}
	producer, release, err := c.producer(len(rows))
	if err == nil {
		defer release()
		err = refuseConflicts(ctx, producer, batch, rows)
	}
	if err == nil {
		err = c.apply(ctx, producer, &done, rows)
	}
	return done, enqueueError(batch, err)
}

// validate applies the defaults and validates all items.
func (c *Client) validate(batch string, items []Item) ([]tasks.Row, error) {
	if rule := tasks.ValidateBatch(batch); rule != "" {
		return nil, FieldError{Field: "batch", Value: batch, Rule: rule}
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("batch %q: no items to enqueue", batch)
	}
	rows, first := make([]tasks.Row, len(items)), make(map[string]int, len(items))
	for i, item := range items {
		item = item.WithDefaults(c.region)
		if faults := item.Validate(); len(faults) > 0 {
			return nil, &ItemError{Index: i, Key: item.Key, Faults: faults}
		}
		if other, twice := first[item.Key]; twice {
			rule := fmt.Sprintf("is also the key of items[%d]; give each item a unique key", other)
			return nil, &ItemError{Index: i, Key: item.Key, Faults: []FieldError{{Field: "key", Value: item.Key, Rule: rule}}}
		}
		first[item.Key], rows[i] = i, tasks.Row{Item: item}
	}
	return rows, nil
}

// refuseConflicts returns a [*ConflictError] if a key has another request in the batch.
func refuseConflicts(ctx context.Context, producer *tasks.Producer, batch string, rows []tasks.Row) error {
	var found []Conflict
	for c, err := range producer.Compare(ctx, batch, each(rows)) {
		if err != nil {
			return err
		}
		if found, err = appendConflict(found, c); err != nil {
			return err
		}
	}
	return conflictError(batch, found)
}

// apply enqueues the rows. Another producer may have added conflicting items since refuseConflicts.
func (c *Client) apply(ctx context.Context, producer *tasks.Producer, done *Enqueued, rows []tasks.Row) error {
	var found []Conflict
	var failed error
	err := producer.Apply(ctx, done.Name, c.source, each(rows), func(answers []tasks.Comparison) {
		for _, answer := range answers {
			done.count(answer.Result)
			if failed == nil {
				found, failed = appendConflict(found, answer)
			}
		}
	})
	if err == nil {
		err = failed
	}
	if err == nil {
		err = conflictError(done.Name, found)
	}
	return err
}

func (e *Enqueued) count(result lifecycle.Registered) {
	switch result {
	case lifecycle.RegisteredNew:
		e.Added++
	case lifecycle.RegisteredRepair:
		e.Requeued++
	case lifecycle.RegisteredSame:
		e.Known++
	default: // a conflict, reported as an error
	}
}

func each(rows []tasks.Row) iter.Seq2[tasks.Row, error] {
	return func(yield func(tasks.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}
