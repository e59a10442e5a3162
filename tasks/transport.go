package tasks

import (
	"context"
	"errors"
	"fmt"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/internal/fairqueue"
	"havip/internal/until"
)

// Queue is the part of asynq that a [Producer] uses; [*asynq.Client] implements it. For many tasks, a client over go-redis's
// AutoPipeliner is many times faster.
type Queue interface {
	EnqueueContext(ctx context.Context, task *asynq.Task, opts ...asynq.Option) (*asynq.TaskInfo, error)
}

// TaskInspector is the part of asynq's inspector that a [Dispatcher] uses; [*asynq.Inspector] implements it.
type TaskInspector interface {
	GetTaskInfo(queue, id string) (*asynq.TaskInfo, error)
	RunTask(queue, id string) error
}

// transport is what a producer and a dispatcher do in asynq. It names none of asynq's structs, because they lead to go-redis's
// client: a package that uses a type with such a field compiles the 700 methods of that client again, a second for each package.
type transport interface {
	enqueue(ctx context.Context, t enqueueable) (known bool, err error)
	// interleave moves the n tasks that were added last to a queue forward, if many others wait; own is how many the batch added.
	interleave(ctx context.Context, queue string, n, own int) error
	bringForward(ctx context.Context, queue, id string) (asynq.TaskState, error)
}

// asynqTransport is the [transport] of both programs. Its calls end with their context by [until.Do], because neither go-redis's
// pipelines nor asynq's inspector end a call before Redis answers.
type asynqTransport struct {
	queue     Queue
	scripts   redis.Scripter
	inspector TaskInspector
}

// enqueue enqueues a task and reports whether asynq already had one with that ID.
func (a asynqTransport) enqueue(ctx context.Context, t enqueueable) (known bool, err error) {
	task, options := newTask(t, headersOf(ctx, t))
	_, err = until.Do(ctx, func() (*asynq.TaskInfo, error) { return a.queue.EnqueueContext(ctx, task, options...) })
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("enqueue item %q of batch %q: %w", t.key, t.batch, err)
	}
	return false, nil
}

func (a asynqTransport) interleave(ctx context.Context, queue string, n, own int) error {
	if a.scripts == nil {
		return nil
	}
	_, err := until.Do(ctx, func() (struct{}, error) {
		return struct{}{}, fairqueue.Interleave(ctx, a.scripts, "asynq:{"+queue+"}:pending", n, own)
	})
	if err != nil {
		return fmt.Errorf("move tasks of queue %s forward: %w", queue, err)
	}
	return nil
}

// unknownTask is the state of a task that asynq does not know.
const unknownTask asynq.TaskState = 0

// bringForward makes a scheduled or ended task pending and returns its previous state.
func (a asynqTransport) bringForward(ctx context.Context, queue, id string) (asynq.TaskState, error) {
	return until.Do(ctx, func() (asynq.TaskState, error) { return a.runNow(queue, id) })
}

func (a asynqTransport) runNow(queue, id string) (asynq.TaskState, error) {
	const tries = 3 // it may change its state just now
	var failed error
	for range tries {
		info, err := a.inspector.GetTaskInfo(queue, id)
		switch {
		case errors.Is(err, asynq.ErrTaskNotFound), errors.Is(err, asynq.ErrQueueNotFound):
			return unknownTask, nil
		case err != nil:
			return unknownTask, fmt.Errorf("task %s of queue %s: %w", id, queue, err)
		case info.State == asynq.TaskStatePending, info.State == asynq.TaskStateActive:
			return info.State, nil
		}
		if failed = a.inspector.RunTask(queue, id); failed == nil {
			return info.State, nil
		}
	}
	return unknownTask, fmt.Errorf("bring task %s of queue %s forward: %w", id, queue, failed)
}
