package bulk

import (
	"context"

	"github.com/redis/go-redis/v9"

	"havip/internal/queue"
	"havip/ledger"
	"havip/tasks"
)

// Executor carries out operations on one batch.
type Executor struct {
	Redis  redis.Cmdable
	Ledger *ledger.Ledger
	Tasks  *tasks.Dispatcher
	Batch  string
	// By and Reason go into the log of the batch.
	By, Reason string
}

// dispatch enqueues the items' tasks and marks the items as enqueued.
func (exec *Executor) dispatch(ctx context.Context, items []ledger.Item) error {
	if err := exec.Tasks.Dispatch(ctx, items); err != nil {
		return err
	}
	keys := make([]string, len(items))
	for i, item := range items {
		keys[i] = item.Key
	}
	return exec.Ledger.MarkEnqueued(ctx, exec.Batch, keys)
}

// PutBack enqueues a task for each item that was paused with its batch. With untilNow (the batch was paused
// until this moment) it does so even if an earlier task for the item is still finishing. progress gets the
// number of items read so far, skip the error of each damaged item, which is left alone.
func (exec *Executor) PutBack(ctx context.Context, untilNow bool, progress func(seen int64), skip func(error)) error {
	seen := int64(0)
	return inChunks(undamaged(Selection{}.Items(ctx, exec.Ledger, exec.Batch), skip), func(items []ledger.Item) error {
		back, err := pausedItems(items), error(nil)
		if !untilNow {
			if back, err = queue.WithoutTask(ctx, exec.Redis, back); err != nil {
				return err
			}
		}
		seen += int64(len(items))
		progress(seen)
		return exec.dispatch(ctx, back)
	})
}

func pausedItems(items []ledger.Item) []ledger.Item {
	var back []ledger.Item
	for _, item := range items {
		if item.Record.PausedWithBatch() {
			back = append(back, item)
		}
	}
	return back
}

// DiscardFinished deletes the waiting tasks of the batch's finished items in all lanes; see
// [queue.Tasks.DiscardFinished]. Such a task does nothing while the ledger knows its item.
func (exec *Executor) DiscardFinished(ctx context.Context, minShare float64) error {
	queues, err := queue.Published(ctx, exec.Redis)
	if err != nil {
		return err
	}
	for _, q := range queues {
		if _, err := queue.TasksOf(q).DiscardFinished(ctx, exec.Ledger, exec.Batch, minShare); err != nil {
			return err
		}
	}
	return nil
}
