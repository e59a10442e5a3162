package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/ledger"
	"havip/tasks"
)

// The bounds of the search for items without a task.
const (
	batchesLooked = 200
	itemsLooked   = 2000
	itemsAtOnce   = 200
)

// items looks for unfinished items that no task stands for. A task of a rescue has a name of its own
// and is not seen; its item then gets one task too many, which does nothing.
func (x *examination) items(ctx context.Context) error {
	batches, err := x.ledger.Active(ctx, 0, batchesLooked)
	if err != nil {
		return err
	}
	looked, lost := 0, []ledger.Item(nil)
	for _, batch := range batches {
		for skip := int64(0); looked < itemsLooked; skip += itemsAtOnce {
			items, err := x.ledger.Stale(ctx, batch, x.StaleAfter, skip, itemsAtOnce)
			if err != nil {
				return err
			}
			without, err := x.withoutTask(ctx, items)
			if err != nil {
				return err
			}
			lost = append(lost, without...)
			if looked += len(items); len(items) < itemsAtOnce {
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
		names[i] = ledger.Owner{Batch: item.Batch, Key: item.Key}.String()
	}
	d := warning(CodeNoTask, "items", "%s no task that would run: %s (of %d that have not moved for %s).",
		numbered(len(lost), "unfinished item has", "unfinished items have"), examples(names), looked, x.StaleAfter).
		saying("Their producer stopped half-way, or Redis lost tasks. A worker finds them within minutes, if one runs.",
			"Start a worker, or run `enqueue doctor --fix`: it queues them again.")
	if x.Fix {
		queued := 0
		for _, item := range lost {
			n, err := x.enqueue(ctx, item)
			if err != nil {
				return err
			}
			queued += n
		}
		d.Repaired = "Queued " + counted(queued, "item") + " again."
	}
	return x.tell(d)
}

// withoutTask returns those of the items of which no task waits or runs.
func (x *examination) withoutTask(ctx context.Context, items []ledger.Item) ([]ledger.Item, error) {
	states := make([][]*redis.StringCmd, len(items))
	_, err := x.Redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, item := range items {
			for generation := 1; generation <= item.Record.Generation; generation++ {
				key := keysOf(laneOf(item)).taskPrefix() + tasks.TaskID(item.Batch, item.Key, generation)
				states[i] = append(states[i], pipe.HGet(ctx, key, "state"))
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	var without []ledger.Item
	for i, item := range items {
		runs := false
		for _, reply := range states[i] {
			state, err := reply.Result()
			if err != nil && !errors.Is(err, redis.Nil) {
				return nil, err
			}
			runs = runs || willRun(state)
		}
		if !runs && needsTask(item) {
			without = append(without, item)
		}
	}
	return without, nil
}

// willRun reports whether a task in this state of asynq is still to be carried out, or is being.
func willRun(state string) bool {
	switch state {
	case "pending", "active", "scheduled", "retry":
		return true
	default:
		return false
	}
}

// enqueue makes the item's task anew, and answers how many it made: none when one stands in the queue
// by now. An ended one keeps its ID from being used, and goes first.
func (x *examination) enqueue(ctx context.Context, item ledger.Item) (int, error) {
	task, options, err := tasks.TaskOf(item, "")
	if err != nil {
		return 0, err
	}
	queue, id := laneOf(item).Queue(), tasks.TaskID(item.Batch, item.Key, item.Record.Generation)
	info, err := x.inspector.GetTaskInfo(queue, id)
	switch {
	case gone(err):
	case err != nil:
		return 0, fmt.Errorf("task of item %q of batch %q: %w", item.Key, item.Batch, err)
	case info.State == asynq.TaskStateArchived || info.State == asynq.TaskStateCompleted:
		if err := x.inspector.DeleteTask(queue, id); err != nil && !gone(err) {
			return 0, fmt.Errorf("delete ended task of item %q of batch %q: %w", item.Key, item.Batch, err)
		}
	}
	_, err = x.queue.EnqueueContext(ctx, task, options...)
	switch {
	case errors.Is(err, asynq.ErrTaskIDConflict):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("enqueue item %q of batch %q again: %w", item.Key, item.Batch, err)
	}
	return 1, nil
}
