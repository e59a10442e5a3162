package worker

import (
	"context"
	"time"

	"havip/internal/queue"
	"havip/ledger"
)

const (
	// staleAfter is how long an item may be unchanged before its task is looked up.
	staleAfter = time.Minute
	// batchesARound bounds one round.
	batchesARound = 50
)

// lostBounds bounds how many items one round checks, and how many one round trip reads.
type lostBounds struct{ aRound, atOnce int64 }

var defaultLostBounds = lostBounds{aRound: 5000, atOnce: 200}

// lostItems is where the scan for items without a task continues: a rank among the active batches, and an item in each
// batch that has more. The cursors of one pass over the batches are replaced by those of the next, so that no finished
// batch keeps one.
type lostItems struct {
	batch       int64
	from, after map[string]ledger.StaleCursor
}

// nextPass begins with the first batch again.
func (p *lostItems) nextPass() {
	p.batch, p.from, p.after = 0, p.after, nil
}

// put keeps where the next pass continues in a batch; the zero cursor is the beginning.
func (p *lostItems) put(batch string, at ledger.StaleCursor) {
	if p.after == nil {
		p.after = map[string]ledger.StaleCursor{}
	}
	if at != (ledger.StaleCursor{}) {
		p.after[batch] = at
	}
}

// enqueueLost requeues stale items without a task that will run. The batches of a round share it: none waits until all
// items of a large one are checked.
func (r *Reconciler) enqueueLost(ctx context.Context) error {
	batches, err := r.ledger.PruneActive(ctx, r.lost.batch, batchesARound)
	if err != nil {
		return err
	}
	left := r.bounds.aRound
	for i, batch := range batches {
		share := max(left/int64(len(batches)-i), 1)
		looked, err := r.enqueueLostOf(ctx, batch, share)
		if err != nil {
			return err
		}
		left -= looked
	}
	if r.lost.batch += int64(len(batches)); len(batches) < batchesARound {
		r.lost.nextPass()
	}
	return nil
}

// enqueueLostOf continues in one batch, for at most share items, and returns how many it checked.
func (r *Reconciler) enqueueLostOf(ctx context.Context, batch string, share int64) (looked int64, err error) {
	at := r.lost.from[batch]
	for looked < share {
		asked := min(share-looked, r.bounds.atOnce)
		items, next, err := r.ledger.Stale(ctx, batch, staleAfter, at, asked)
		skipped, err := r.damage.skip(r.log, err)
		if err != nil {
			return looked, err
		}
		if err := r.enqueueLostAmong(ctx, batch, items); err != nil {
			return looked, err
		}
		at, looked = next, looked+int64(len(items)+skipped)
		if at == (ledger.StaleCursor{}) {
			break
		}
	}
	r.lost.put(batch, at)
	return looked, nil
}

func (r *Reconciler) enqueueLostAmong(ctx context.Context, batch string, items []ledger.Item) error {
	lost, err := queue.Lost(ctx, r.rdb, r.ledger, batch, items)
	if err != nil {
		return err
	}
	for _, item := range lost {
		made, err := queue.Enqueue(ctx, r.rdb, item)
		if _, err = r.damage.skip(r.log, err); err != nil {
			return err
		}
		if made {
			r.observer.Repaired(RepairLost, 1)
			r.log.Warn().Str("batch", item.Batch).Str("key", item.Key).Str("state", string(item.Record.State)).
				Msg("the item had no task that would run; requeued")
		}
	}
	return nil
}
