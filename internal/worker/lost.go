package worker

import (
	"context"
	"time"

	"havip/internal/queue"
)

const (
	// staleAfter is how long an item may be unchanged before its task is looked up.
	staleAfter = time.Minute
	// batchesARound bounds one round.
	batchesARound = 50
)

// lostBounds bounds how many items one round checks, and how many one round trip reads.
type lostBounds struct{ aRound, atOnce int64 }

var defaultLostBounds = lostBounds{aRound: 1000, atOnce: 500}

// lostItems is where the scan for items without a task continues: a rank among the active batches, and a rank
// among the stale items of that batch.
type lostItems struct{ batch, item int64 }

// enqueueLost requeues stale items without a task that will run.
func (r *Reconciler) enqueueLost(ctx context.Context) error {
	batches, err := r.ledger.PruneActive(ctx, r.lost.batch, batchesARound)
	if err != nil {
		return err
	}
	left := r.bounds.aRound
	for i, batch := range batches {
		done, err := r.enqueueLostOf(ctx, batch, &left)
		if err != nil {
			return err
		}
		if !done { // the next round continues there
			r.lost.batch += int64(i)
			return nil
		}
		r.lost.item = 0
	}
	if r.lost.batch += int64(len(batches)); len(batches) < batchesARound {
		r.lost.batch = 0
	}
	return nil
}

// enqueueLostOf continues in one batch, for at most left items, and reports whether it reached the end.
func (r *Reconciler) enqueueLostOf(ctx context.Context, batch string, left *int64) (done bool, err error) {
	for *left > 0 {
		asked := min(*left, r.bounds.atOnce)
		items, err := r.ledger.Stale(ctx, batch, staleAfter, r.lost.item, asked)
		skipped, err := r.damage.skip(r.log, err)
		if err != nil {
			return false, err
		}
		lost, err := queue.Lost(ctx, r.rdb, r.ledger, batch, items)
		if err != nil {
			return false, err
		}
		for _, item := range lost {
			made, err := queue.TasksOf(r.rdb, queue.LaneOf(item)).Enqueue(ctx, item)
			if _, err = r.damage.skip(r.log, err); err != nil {
				return false, err
			}
			if made {
				r.log.Warn().Str("batch", item.Batch).Str("key", item.Key).Str("state", string(item.Record.State)).
					Msg("the item had no task that would run; requeued")
			}
		}
		looked := int64(len(items) + skipped)
		r.lost.item += looked
		*left -= looked
		if looked < asked {
			return true, nil
		}
	}
	return false, nil
}
