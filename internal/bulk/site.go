package bulk

import (
	"context"

	"github.com/redis/go-redis/v9"

	"havip/internal/queue"
	"havip/ledger"
	"havip/tasks"
)

// Site is where a verb is carried out, by whom, and why.
type Site struct {
	Redis  redis.UniversalClient
	Ledger *ledger.Ledger
	Tasks  *tasks.Dispatcher
	Batch  string
	// By and Reason are noted with what is done.
	By, Reason string
}

// dispatch puts in the items' tasks, and marks them as enqueued.
func (on *Site) dispatch(ctx context.Context, items []ledger.Item) error {
	if err := on.Tasks.Dispatch(ctx, items); err != nil {
		return err
	}
	keys := make([]string, len(items))
	for i, item := range items {
		keys[i] = item.Key
	}
	return on.Ledger.MarkEnqueued(ctx, on.Batch, keys)
}

// PutBack puts in a task for each item that was held with its batch: where the batch was held until just
// now, also beside one that is about to end for it. Progress is told how many items were looked at. Skip gets the error of each
// item that cannot be read and is left alone.
func (on *Site) PutBack(ctx context.Context, untilNow bool, progress func(seen int64), skip func(error)) error {
	seen := int64(0)
	return inChunks(undamaged(Selection{}.Items(ctx, on.Ledger, on.Batch), skip), func(items []ledger.Item) error {
		back, err := heldBack(items), error(nil)
		if !untilNow {
			if back, err = queue.WithoutTask(ctx, on.Redis, back); err != nil {
				return err
			}
		}
		seen += int64(len(items))
		progress(seen)
		return on.dispatch(ctx, back)
	})
}

func heldBack(items []ledger.Item) []ledger.Item {
	var back []ledger.Item
	for _, item := range items {
		if item.Record.PausedWithBatch() {
			back = append(back, item)
		}
	}
	return back
}

// DiscardCanceled takes the tasks of canceled items out of the queue. They do nothing as long as the ledger
// knows why. Skip gets the error of each item that cannot be read and is left alone.
func (on *Site) DiscardCanceled(ctx context.Context, skip func(error)) error {
	canceled := Selection{{"state", string(ledger.Canceled)}}
	return inChunks(undamaged(canceled.Items(ctx, on.Ledger, on.Batch), skip), func(items []ledger.Item) error {
		return on.Tasks.Discard(ctx, items)
	})
}
