package tasks

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"

	"github.com/hibiken/asynq"

	"havip/ledger"
)

// TaskInspector is what a [Dispatcher] needs of asynq's; [*asynq.Inspector] is one.
type TaskInspector interface {
	GetTaskInfo(queue, id string) (*asynq.TaskInfo, error)
	RunTask(queue, id string) error
	DeleteTask(queue, id string) error
}

// Dispatcher sees to it that items which the ledger knows have a task, at once. What the task then
// does, the ledger decides, so that one too many is harmless, and repeating it is safe.
type Dispatcher struct {
	queue     Queue
	inspector TaskInspector
}

// NewDispatcher returns a dispatcher over the given queue and inspector. For many items, both over
// go-redis's AutoPipeliner are many times faster.
func NewDispatcher(queue Queue, inspector TaskInspector) *Dispatcher {
	return &Dispatcher{queue: queue, inspector: inspector}
}

// Dispatch puts in a task for each item that the ledger has just let go on again.
func (d *Dispatcher) Dispatch(ctx context.Context, items []ledger.Item) error {
	return eachAtOnce(ctx, items, d.dispatch)
}

// Hurry has the tasks of unfinished items run now, instead of after their delay. A task that is being
// carried out is left alone, and one that is missing is made anew.
func (d *Dispatcher) Hurry(ctx context.Context, items []ledger.Item) error {
	return eachAtOnce(ctx, items, d.hurry)
}

func (d *Dispatcher) dispatch(ctx context.Context, item ledger.Item) error {
	known, err := d.enqueue(ctx, item, "")
	if err != nil || !known {
		return err
	}
	state, err := d.bringForward(queueOf(item), TaskID(item.Batch, item.Key, item.Record.Generation))
	switch {
	case err != nil:
		return err
	case state == asynq.TaskStateActive:
		// It may be about to end, having found the item as it was before.
		_, err = d.enqueue(ctx, item, "again-"+strconv.Itoa(item.Record.Sends))
	case state == unknownTask:
		_, err = d.enqueue(ctx, item, "")
	}
	return err
}

// maxTaskGenerations bounds the search for an item's task: a record in Redis may have any generation.
// A task that the search misses is harmless, as one too many is.
const maxTaskGenerations = 64

// taskGenerations yields the generations that the item's task may be of: the latest ones and the first.
func taskGenerations(item ledger.Item) iter.Seq[int] {
	return func(yield func(int) bool) {
		latest := item.Record.Generation
		oldest := max(latest-maxTaskGenerations+2, 2)
		for generation := latest; generation >= oldest; generation-- {
			if !yield(generation) {
				return
			}
		}
		if latest >= 1 {
			yield(1)
		}
	}
}

// TaskIDs yields the IDs that the item's task may have, which keeps that of the generation that it was made for.
func TaskIDs(item ledger.Item) iter.Seq[string] {
	return func(yield func(string) bool) {
		for generation := range taskGenerations(item) {
			if !yield(TaskID(item.Batch, item.Key, generation)) {
				return
			}
		}
	}
}

func (d *Dispatcher) hurry(ctx context.Context, item ledger.Item) error {
	for id := range TaskIDs(item) {
		state, err := d.bringForward(queueOf(item), id)
		if err != nil || state != unknownTask {
			return err
		}
	}
	_, err := d.enqueue(ctx, item, "")
	return err
}

// Discard takes the items' tasks out of the queue, except for those that are being carried out.
func (d *Dispatcher) Discard(ctx context.Context, items []ledger.Item) error {
	return eachAtOnce(ctx, items, d.discard)
}

func (d *Dispatcher) discard(_ context.Context, item ledger.Item) error {
	for id := range TaskIDs(item) {
		if err := d.remove(queueOf(item), id); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes a task that is not being carried out. That may begin, or end, just now.
func (d *Dispatcher) remove(queue, id string) error {
	failed := d.inspector.DeleteTask(queue, id)
	if failed == nil || errors.Is(failed, asynq.ErrTaskNotFound) || errors.Is(failed, asynq.ErrQueueNotFound) {
		return nil
	}
	info, err := d.inspector.GetTaskInfo(queue, id)
	if err != nil || info.State == asynq.TaskStateActive {
		return nil //nolint:nilerr // it has ended since
	}
	return fmt.Errorf("delete task %s of queue %s: %w", id, queue, failed)
}

// enqueue puts in a task for the item, and reports whether asynq knew one by that ID already.
func (d *Dispatcher) enqueue(ctx context.Context, item ledger.Item, suffix string) (known bool, err error) {
	task, options, err := TaskOf(item, suffix)
	if err != nil {
		return false, err
	}
	_, err = d.queue.EnqueueContext(ctx, task, options...)
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("enqueue item %q of batch %q: %w", item.Key, item.Batch, err)
	}
	return false, nil
}

// unknownTask is the state of a task that asynq does not know.
const unknownTask asynq.TaskState = 0

// bringForward makes a task that waits for its time, or has ended, pending, and answers the state
// that it was in.
func (d *Dispatcher) bringForward(queue, id string) (asynq.TaskState, error) {
	const tries = 3 // it may change its state just now
	var failed error
	for range tries {
		info, err := d.inspector.GetTaskInfo(queue, id)
		switch {
		case errors.Is(err, asynq.ErrTaskNotFound), errors.Is(err, asynq.ErrQueueNotFound):
			return unknownTask, nil
		case err != nil:
			return unknownTask, fmt.Errorf("task %s of queue %s: %w", id, queue, err)
		case info.State == asynq.TaskStatePending, info.State == asynq.TaskStateActive:
			return info.State, nil
		}
		if failed = d.inspector.RunTask(queue, id); failed == nil {
			return info.State, nil
		}
	}
	return unknownTask, fmt.Errorf("bring task %s of queue %s forward: %w", id, queue, failed)
}

func queueOf(item ledger.Item) string {
	return Lane{Account: item.Account, Region: item.Region}.Queue()
}
