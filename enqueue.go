package havip

import (
	"context"
	"fmt"
	"iter"

	"havip/lifecycle"
	"havip/tasks"
)

// Enqueued is what [Client.Enqueue] did, and the batch that it did it in.
type Enqueued struct {
	Batch
	// Added counts items that are new; Requeued those that were known and whose task was lost;
	// Known those for which there was nothing to do, however they ended.
	Added, Requeued, Known int
}

// Enqueue puts the items into the batch, and returns when they stand in the workers' queues. Doing
// it again is safe, with the same items or with more: what stands is not made a second time. An item
// that ended without a HaVIP stays as it is; `enqueue retry` takes it up again.
//
// All items are checked before any is enqueued. An item that cannot be is an [*ItemError]; items
// under whose keys the batch holds something else are a [*ConflictError]. After any other error,
// some of the items may stand in the queue, and the same call goes on with the rest.
func (c *Client) Enqueue(ctx context.Context, batch string, items ...Item) (Enqueued, error) {
	done := Enqueued{Batch: c.Batch(batch)}
	rows, err := c.check(batch, items)
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

// check fills in what the items leave open, and refuses what no worker could carry out.
func (c *Client) check(batch string, items []Item) ([]tasks.Row, error) {
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
			rule := fmt.Sprintf("is the key of items[%d] as well; give each item a key of its own", other)
			return nil, &ItemError{Index: i, Key: item.Key, Faults: []FieldError{{Field: "key", Value: item.Key, Rule: rule}}}
		}
		first[item.Key], rows[i] = i, tasks.Row{Item: item}
	}
	return rows, nil
}

// refuseConflicts returns a [*ConflictError] if the batch holds another request under some key.
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

// apply enqueues the rows. Conflicts are here those that another producer made since they were compared.
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
	default: // a conflict, which is an error's to tell
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
