package audit

import (
	"context"

	"havip/internal/queue"
	"havip/internal/words"
	"havip/ledger"
)

// The bounds of the search for items without a task.
const (
	batchesLooked = 200
	itemsLooked   = 2000
	itemsAtOnce   = 200
)

// items looks for unfinished items that no task stands for.
func (x *examination) items(ctx context.Context) error {
	batches, err := x.ledger.Active(ctx, 0, batchesLooked)
	if err != nil {
		return err
	}
	looked, lost := 0, []ledger.Item(nil)
	for _, batch := range batches {
		for skip := int64(0); looked < itemsLooked; skip += itemsAtOnce {
			items, err := x.ledger.Stale(ctx, batch, x.StaleAfter, skip, itemsAtOnce)
			damaged, err := damagedOf(err) // x.records reports them
			if err != nil {
				return err
			}
			without, err := queue.Lost(ctx, x.Redis, x.ledger, batch, items)
			if err != nil {
				return err
			}
			lost = append(lost, without...)
			read := len(items) + damaged
			if looked += read; read < itemsAtOnce {
				break
			}
		}
	}
	return x.tellLost(ctx, looked, lost)
}

func (x *examination) tellLost(ctx context.Context, looked int, lost []ledger.Item) error {
	if len(lost) == 0 {
		return nil
	}
	names := make([]string, len(lost))
	for i, item := range lost {
		names[i] = item.Owner().String()
	}
	d := warning(CodeNoTask, "items", "%s no task that would run: %s (of %d that have not moved for %s).",
		words.Count(len(lost), "unfinished item has", "unfinished items have"), examples(names), looked, x.StaleAfter).
		saying("Their producer stopped half-way, or Redis lost tasks. A worker finds them within minutes, if one runs.",
			"Start a worker, or run `enqueue doctor --fix`: it queues them again.")
	if x.Fix {
		queued, err := x.requeueLost(ctx, lost)
		if err != nil {
			return err
		}
		d.Repaired = "Queued " + counted(queued, "item") + " again."
	}
	return x.tell(d)
}

func (x *examination) requeueLost(ctx context.Context, lost []ledger.Item) (queued int, err error) {
	for _, item := range lost {
		made, err := queue.Of(x.Redis, queue.LaneOf(item)).Enqueue(ctx, item)
		if _, err = damagedOf(err); err != nil {
			return queued, err
		}
		if made {
			queued++
		}
	}
	return queued, nil
}
