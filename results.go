package havip

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"havip/ledger"
	"havip/tasks"
)

// Results reads what became of each item, in the order in which they were enqueued, a page at a time:
// memory does not grow with the batch. It shows unfinished items as they stand.
//
// An item whose data is damaged comes as a [*ledger.UnreadableError] in its place, and the results after it follow. Any
// other error is the last; results are read anew from the start.
func (b Batch) Results(ctx context.Context) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		if _, err := b.Status(ctx); err != nil {
			yield(Result{}, err)
			return
		}
		for item, err := range b.client.ledger.Items(ctx, b.Name) {
			var result Result
			if err == nil {
				result, err = tasks.ResultOf(item)
			}
			var damaged *ledger.UnreadableError
			if !yield(result, err) || err != nil && !errors.As(err, &damaged) {
				return
			}
		}
	}
}

// Result reads what became of one item; one that nobody has put in is a [*ledger.ItemNotFoundError].
func (b Batch) Result(ctx context.Context, key string) (Result, error) {
	item, err := b.client.ledger.Item(ctx, b.Name, key)
	if err != nil {
		return Result{}, err
	}
	return tasks.ResultOf(item)
}

// Await returns when the item is finished, and what became of it. An item that ended without a HaVIP is
// a [*FailedError], and its result is returned all the same. Otherwise Await waits as [Batch.Wait] does.
func (b Batch) Await(ctx context.Context, key string) (Result, error) {
	var seen ledger.Item
	err := b.client.until(ctx, func() (bool, error) {
		now, err := b.client.ledger.Item(ctx, b.Name, key)
		if err != nil {
			return false, err
		}
		seen = now
		return now.Record.Finished(), nil
	})
	if err != nil {
		return Result{}, awaitError(ctx, b.Name, seen, key, err)
	}
	result, err := tasks.ResultOf(seen)
	if err == nil && !result.State.Succeeded() {
		err = &FailedError{Result: result}
	}
	return result, err
}

func awaitError(ctx context.Context, batch string, seen ledger.Item, key string, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return fmt.Errorf("wait for item %q of batch %q, %s as last seen: %w", key, batch, seen.Record.State, err)
}
