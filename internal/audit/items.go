package audit

import (
	"context"
	"time"

	"havip/internal/queue"
	"havip/internal/words"
	"havip/ledger"
)

// Limits of the search for items without a task.
const (
	batchesLooked = 200
	itemsLooked   = 2000
	itemsAtOnce   = 200
)

// items looks for unfinished items without a task.
func (x *examination) items(ctx context.Context) error {
	var lost []ledger.Item
	looked, err := x.unfinished(ctx, x.StaleAfter, func(batch string, items []ledger.Item) error {
		without, err := queue.Lost(ctx, x.Redis, x.ledger, batch, items)
		lost = append(lost, without...)
		return err
	})
	if err != nil {
		return err
	}
	return x.tellLost(ctx, looked, lost)
}

// unfinished calls see with the unfinished items that have been unchanged for StaleAfter, one batch at a time, and returns
// how many it read. It skips damaged items, which x.records reports.
func (x *examination) unfinished(ctx context.Context, unchanged time.Duration, see func(batch string, items []ledger.Item) error) (looked int, err error) {
	batches, err := x.ledger.Active(ctx, 0, batchesLooked)
	if err != nil {
		return 0, err
	}
	for _, batch := range batches {
		var from ledger.StaleCursor
		for looked < itemsLooked {
			items, next, err := x.ledger.Stale(ctx, batch, unchanged, from, itemsAtOnce)
			damaged, err := damagedOf(err)
			if err == nil {
				err = see(batch, items)
			}
			if err != nil {
				return looked, err
			}
			looked += len(items) + damaged
			if from = next; from == (ledger.StaleCursor{}) {
				break
			}
		}
	}
	return looked, nil
}

func (x *examination) tellLost(ctx context.Context, looked int, lost []ledger.Item) error {
	if len(lost) == 0 {
		return nil
	}
	names := make([]string, len(lost))
	for i, item := range lost {
		names[i] = item.Owner().String()
	}
	d := warning(CodeNoTask, "items", "%s no task that would run: %s (of %d that have been unchanged for %s).",
		words.Count(len(lost), "unfinished item has", "unfinished items have"), examples(names), looked, x.StaleAfter).
		meaning("Their producer stopped early, or Redis lost tasks. A running worker finds them within minutes.",
			x.serve()+", or run `enqueue doctor --fix`: it enqueues them again.")
	if x.Fix {
		queued, err := x.requeueLost(ctx, lost)
		if err != nil {
			return err
		}
		d.Repaired = "Queued " + counted(queued, "item") + " again."
	}
	return x.report(d)
}

func (x *examination) requeueLost(ctx context.Context, lost []ledger.Item) (queued int, err error) {
	for _, item := range lost {
		made, err := queue.Enqueue(ctx, x.Redis, item)
		if _, err = damagedOf(err); err != nil {
			return queued, err
		}
		if made {
			queued++
		}
	}
	return queued, nil
}
