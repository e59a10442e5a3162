package tasks

import (
	"context"
	"iter"
	"strconv"

	"github.com/hibiken/asynq"

	"havip/ledger"
)

// Dispatcher ensures that registered items have a task at once. The ledger decides what the task does, so an extra task is
// harmless and repeating a call is safe.
type Dispatcher struct {
	tasks transport
}

// NewDispatcher returns a dispatcher for the given queue and inspector. For many items, clients over go-redis's AutoPipeliner are
// many times faster.
func NewDispatcher(queue Queue, inspector TaskInspector) *Dispatcher {
	return &Dispatcher{tasks: asynqTransport{queue: queue, inspector: inspector}}
}

// Dispatch enqueues a task for each item that was just retried or resumed.
func (d *Dispatcher) Dispatch(ctx context.Context, items []ledger.Item) error {
	return forEach(ctx, items, d.dispatch)
}

// RunNow makes the tasks of unfinished items run now instead of after their delay. It leaves an active task alone and enqueues a
// missing one.
func (d *Dispatcher) RunNow(ctx context.Context, items []ledger.Item) error {
	return forEach(ctx, items, d.runNow)
}

func (d *Dispatcher) dispatch(ctx context.Context, item ledger.Item) error {
	known, err := d.enqueue(ctx, item, "")
	if err != nil || !known {
		return err
	}
	state, err := d.tasks.bringForward(ctx, QueueOf(item), TaskID(item.Batch, item.Key, item.Record.Generation))
	switch {
	case err != nil:
		return err
	case state == asynq.TaskStateActive:
		// It may be about to end after it read the item's previous state.
		_, err = d.enqueue(ctx, item, "again-"+strconv.Itoa(item.Record.Sends))
	case state == unknownTask:
		_, err = d.enqueue(ctx, item, "")
	}
	return err
}

// maxTaskGenerations bounds the search for an item's task: a record in Redis may have any generation. Missing a task is harmless,
// because an extra one is.
const maxTaskGenerations = 64

// taskGenerations yields the possible generations of the item's task: the latest ones and the first.
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

// TaskIDs yields the possible IDs of the item's task; a task keeps the ID of the generation for which it was created.
func TaskIDs(item ledger.Item) iter.Seq[string] {
	return func(yield func(string) bool) {
		for generation := range taskGenerations(item) {
			if !yield(TaskID(item.Batch, item.Key, generation)) {
				return
			}
		}
	}
}

func (d *Dispatcher) runNow(ctx context.Context, item ledger.Item) error {
	for id := range TaskIDs(item) {
		state, err := d.tasks.bringForward(ctx, QueueOf(item), id)
		if err != nil || state != unknownTask {
			return err
		}
	}
	_, err := d.enqueue(ctx, item, "")
	return err
}

// enqueue enqueues a task for the item and reports whether asynq already had one with that ID.
func (d *Dispatcher) enqueue(ctx context.Context, item ledger.Item, suffix string) (known bool, err error) {
	return d.tasks.enqueue(ctx, taskOf(item, suffix))
}
