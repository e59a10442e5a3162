package queue

import (
	"context"
	"errors"
	"fmt"

	"havip/ledger"
)

// Items is the part of the ledger that this package uses; [*ledger.Ledger] implements it.
type Items interface {
	Item(ctx context.Context, batch, key string) (ledger.Item, error)
}

// Archived returns IDs of archived tasks by rank, the longest archived first; negative ranks count from the newest.
func (q *Tasks) Archived(ctx context.Context, first, last int64) ([]string, error) {
	ids, err := q.rdb.ZRange(ctx, q.Key("archived"), first, last).Result()
	if err != nil {
		return nil, fmt.Errorf("archive of queue %s: %w", q.name, err)
	}
	return ids, nil
}

// Fate says what happened to an archived task.
type Fate string

// The fates.
const (
	// Kept: a handler refused it, its item cannot be read, or it is a foreign task under an item's ID. It needs a person's
	// review.
	Kept Fate = "kept"
	// Deleted: its item is finished, and the ledger has everything about it.
	Deleted Fate = "deleted"
	// Replaced: it was deleted, and its unfinished item has a task of its own.
	Replaced Fate = "replaced"
	// Revived: its item is not registered, and no handler refused it. It runs again.
	Revived Fate = "revived"
	// Vanished: it no longer existed.
	Vanished Fate = "vanished"
)

// Settle removes an archived task unless it needs a person's review: asynq archives tasks by its own retry count, trims its
// archive silently, and refuses the IDs of archived tasks.
func (q *Tasks) Settle(ctx context.Context, id string, items Items) (Fate, error) {
	task, found, err := q.Task(id)
	switch {
	case err != nil:
		return "", err
	case !found:
		return Vanished, nil
	case !task.Readable, task.Refused():
		return Kept, nil
	}
	item, err := items.Item(ctx, task.Payload.Batch, task.Payload.Key)
	var missing *ledger.ItemNotFoundError
	var damaged *ledger.UnreadableError
	switch {
	case errors.As(err, &missing):
		return Revived, q.Run(id)
	case errors.As(err, &damaged):
		return Kept, nil
	case err != nil:
		return "", err
	case !task.Names(item):
		return Kept, nil
	}
	if err := q.Delete(id); err != nil {
		return "", err
	}
	if !NeedsTask(item) {
		return Deleted, nil
	}
	_, err = Enqueue(ctx, q.rdb, item)
	return Replaced, err
}
