package queue

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/redis/go-redis/v9"

	"havip/ledger"
	"havip/tasks"
)

// NeedsTask reports whether the item still needs a task.
func NeedsTask(item ledger.Item) bool { return !item.Record.State.Terminal() }

// Lost returns the batch's items that need a task and have none. Items that are paused with the batch need none. An item
// that has changed since it was read is not lost: its task ended in between, or has another ID.
func Lost(ctx context.Context, rdb redis.Cmdable, records *ledger.Ledger, batch string, items []ledger.Item) ([]ledger.Item, error) {
	moving, err := records.Running(ctx, batch, items)
	if err != nil {
		return nil, err
	}
	without, err := WithoutTask(ctx, rdb, moving)
	if err != nil {
		return nil, err
	}
	return unchanged(ctx, records, batch, without)
}

// unchanged returns the items that are still as they were read.
func unchanged(ctx context.Context, records *ledger.Ledger, batch string, items []ledger.Item) ([]ledger.Item, error) {
	keys := make([]string, len(items))
	for i, item := range items {
		keys[i] = item.Key
	}
	current, err := records.Some(ctx, batch, keys)
	if damaged := (*ledger.UnreadableError)(nil); err != nil && !errors.As(err, &damaged) {
		return nil, err
	}
	now := map[string]ledger.Record{}
	for _, item := range current {
		now[item.Key] = item.Record
	}
	return slices.DeleteFunc(items, func(item ledger.Item) bool { return !reflect.DeepEqual(now[item.Key], item.Record) }), nil
}

// WithoutTask returns the items that need a task and have none that waits or runs, in any lane and generation; see
// [tasks.TaskIDs]. It costs one look-up per item and generation, in one round trip. It does not see the task of a rescue,
// which has a different ID: its item then gets an extra task.
func WithoutTask(ctx context.Context, rdb redis.Cmdable, items []ledger.Item) ([]ledger.Item, error) {
	states := make([][]*redis.StringCmd, len(items))
	_, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, item := range items {
			prefix := Named(rdb, tasks.QueueOf(item)).taskPrefix()
			for id := range tasks.TaskIDs(item) {
				states[i] = append(states[i], pipe.HGet(ctx, prefix+id, "state"))
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("tasks of items: %w", err)
	}
	var without []ledger.Item
	for i, item := range items {
		runs, err := anyRuns(states[i])
		if err != nil {
			return nil, fmt.Errorf("tasks of items: %w", err)
		}
		if !runs && NeedsTask(item) {
			without = append(without, item)
		}
	}
	return without, nil
}

func anyRuns(states []*redis.StringCmd) (bool, error) {
	for _, reply := range states {
		state, err := reply.Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return false, err
		}
		if willRun(state) {
			return true, nil
		}
	}
	return false, nil
}

// willRun reports whether a task in this asynq state is running or will run.
func willRun(state string) bool {
	switch state {
	case "pending", "active", "scheduled", "retry":
		return true
	default:
		return false
	}
}
