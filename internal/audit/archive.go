package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/hibiken/asynq"

	"havip/ledger"
	"havip/tasks"
)

// newestReasons is how many archived tasks are asked why they are.
const newestReasons = 10

// archive looks at the tasks that asynq put away: nothing carries them out any more, and their IDs
// cannot be used.
func (x *examination) archive(ctx context.Context, lane tasks.Lane) error {
	size, err := x.sizes(ctx, lane)
	if err != nil || size.archived == 0 {
		return err
	}
	newest, err := x.Redis.ZRevRange(ctx, keysOf(lane).key("archived"), 0, newestReasons-1).Result()
	if err != nil {
		return err
	}
	var reasons []string
	for _, id := range newest {
		info, err := x.inspector.GetTaskInfo(lane.Queue(), id)
		if gone(err) {
			continue
		}
		if err != nil {
			return err
		}
		reasons = append(reasons, textOf(info.LastErr).shown())
	}
	d := warning(CodeArchived, "lane "+lane.String(), "%s archived; the newest because: %s.",
		numbered(int(size.archived), "task is", "tasks are"), examples(distinct(reasons))).
		saying("Nothing carries them out any more. Tasks that cannot be read come from a producer that is not ours; asynq archives others on a count of its own, and workers bring their items back.",
			"Mend the producer. Run `enqueue doctor --fix`: it deletes those whose items are finished, and queues unfinished items again.")
	if x.Fix {
		if d, err = x.clearArchive(ctx, lane, d, size.archived); err != nil {
			return err
		}
	}
	return x.tell(d)
}

// clearArchive deletes archived tasks whose items are finished. Those of unfinished ones are replaced
// with the items' own tasks; those that name no item are left for people.
func (x *examination) clearArchive(ctx context.Context, lane tasks.Lane, d Diagnosis, archived int64) (Diagnosis, error) {
	ids, err := x.Redis.ZRange(ctx, keysOf(lane).key("archived"), 0, rangeSize-1).Result()
	if err != nil {
		return d, err
	}
	deleted, again := 0, 0
	for _, id := range ids {
		item, found, err := x.itemOf(ctx, lane, id)
		if err != nil {
			return d, err
		}
		if !found {
			continue
		}
		if err := x.inspector.DeleteTask(lane.Queue(), id); err != nil && !gone(err) {
			return d, fmt.Errorf("delete archived task %s: %w", id, err)
		}
		if deleted++; needsTask(item) {
			n, err := x.enqueue(ctx, item)
			if err != nil {
				return d, err
			}
			again += n
		}
	}
	if deleted > 0 {
		d.Repaired = fmt.Sprintf("Deleted %s; queued %s again.", counted(deleted, "task"), counted(again, "item"))
		d.left = int64(deleted) < archived
	}
	return d, nil
}

// itemOf is the item that a task is for, if both can be read and its item stands in the ledger.
func (x *examination) itemOf(ctx context.Context, lane tasks.Lane, id string) (ledger.Item, bool, error) {
	info, err := x.inspector.GetTaskInfo(lane.Queue(), id)
	if gone(err) {
		return ledger.Item{}, false, nil
	}
	if err != nil {
		return ledger.Item{}, false, err
	}
	payload, err := tasks.DecodePayload(info.Payload)
	if err != nil || info.Type != tasks.TypeCreate {
		return ledger.Item{}, false, nil //nolint:nilerr // a payload that cannot be read names no item
	}
	item, err := x.ledger.Item(ctx, payload.Batch, payload.Key)
	var missing *ledger.ItemNotFoundError
	if errors.As(err, &missing) {
		return ledger.Item{}, false, nil
	}
	if err != nil {
		return ledger.Item{}, false, err
	}
	request, err := tasks.RequestOf(item.Spec)
	if err != nil {
		return ledger.Item{}, false, err
	}
	// A task that asks for something else only has the item's name: it is a person's to look at.
	same := payload.Item().Request == request && laneOf(item) == lane
	return item, same, nil
}

// needsTask reports whether a task has still something to do for the item.
func needsTask(item ledger.Item) bool {
	return !item.Record.State.Terminal() && item.Record.State != ledger.Deleting || item.Record.NeedsAddress()
}

// gone reports whether a task or its queue was not there any more.
func gone(err error) bool {
	return errors.Is(err, asynq.ErrTaskNotFound) || errors.Is(err, asynq.ErrQueueNotFound)
}
