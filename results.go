package havip

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"havip/ledger"
	"havip/tasks"
)

// Results yields the result of each item, finished or not, in the order in which they were enqueued. It
// reads page by page: memory use does not grow with the batch.
//
// For an item whose record is damaged, Results yields a [*ledger.UnreadableError] and continues. Any other
// error ends the iteration; results cannot be continued, only read again from the start.
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

// Result reads the result of one item. An item that does not exist is a [*ledger.ItemNotFoundError].
func (b Batch) Result(ctx context.Context, key string) (Result, error) {
	item, err := b.client.ledger.Item(ctx, b.Name, key)
	if err != nil {
		return Result{}, err
	}
	return tasks.ResultOf(item)
}

// Await returns the item's result when it is finished. For an item that failed, it returns a [*FailedError]
// together with the result. It waits as [Batch.Wait] does.
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
	return fmt.Errorf("wait for item %q of batch %q, last state %s: %w", key, batch, seen.Record.State, err)
}
