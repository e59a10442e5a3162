package queue

import (
	"context"
	"errors"
	"fmt"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/internal/redisconn"
	"havip/ledger"
	"havip/tasks"
)

// Tasks is a queue with its tasks, for what reads and changes them one by one. Who only looks at the queue as a whole uses
// [Queue], which does without asynq's types.
type Tasks struct {
	*Queue
	inspector *asynq.Inspector
	client    *asynq.Client
}

// TasksOf returns the queue of a lane with its tasks. It does no I/O.
func TasksOf(rdb redis.Cmdable, lane tasks.Lane) *Tasks { return tasksIn(rdb, Of(rdb, lane)) }

// TasksNamed returns a queue that belongs to no lane, with its tasks. It does no I/O.
func TasksNamed(rdb redis.Cmdable, name string) *Tasks { return tasksIn(rdb, Named(rdb, name)) }

func tasksIn(rdb redis.Cmdable, q *Queue) *Tasks {
	client := redisconn.Full(rdb)
	return &Tasks{Queue: q, inspector: asynq.NewInspectorFromRedisClient(client), client: asynq.NewClientFromRedisClient(client)}
}

// Task is what asynq knows of a task, as far as it matters here.
type Task struct {
	ID string
	// Payload is zero when it cannot be read; Readable says which.
	Payload  tasks.Payload
	Readable bool
	// LastError is why it did not succeed, in its handler's words or asynq's.
	LastError string
}

// Task reads one task; found is false when it is not there any more.
func (q *Tasks) Task(id string) (t Task, found bool, err error) {
	info, err := q.inspector.GetTaskInfo(q.name, id)
	if gone(err) {
		return Task{}, false, nil
	}
	if err != nil {
		return Task{}, false, fmt.Errorf("task %s of queue %s: %w", id, q.name, err)
	}
	payload, unreadable := tasks.DecodePayload(info.Payload)
	t = Task{ID: id, Payload: payload, Readable: unreadable == nil && info.Type == tasks.TypeCreate, LastError: info.LastErr}
	return t, true, nil
}

// Refused reports whether a handler decided that the task is never to run: it is not asynq that
// ended it on a count of its own.
func (t Task) Refused() bool { return tasks.WasRefused(t.LastError) }

// Names reports whether the task is what the item's own would be: one that asks for something else
// only has the item's name.
func (t Task) Names(item ledger.Item) bool {
	request, err := tasks.RequestOf(item.Spec)
	return err == nil && t.Readable && t.Payload.Item().Request == request &&
		t.Payload.Account == item.Account && t.Payload.Region == item.Region
}

// Delete forgets a task that is not active; one that is gone is fine.
func (q *Tasks) Delete(id string) error {
	if err := q.inspector.DeleteTask(q.name, id); err != nil && !gone(err) {
		return fmt.Errorf("delete task %s of queue %s: %w", id, q.name, err)
	}
	return nil
}

// Run lets a task that waits or ended run now; one that is gone, or pending by now, is fine.
func (q *Tasks) Run(id string) error {
	err := q.inspector.RunTask(q.name, id)
	if err == nil || gone(err) {
		return nil
	}
	if info, _ := q.inspector.GetTaskInfo(q.name, id); info != nil && info.State == asynq.TaskStatePending {
		return nil
	}
	return fmt.Errorf("run task %s of queue %s: %w", id, q.name, err)
}

// Enqueue enqueues a task for the item and reports whether it did: it adds none if the item's task is already in the queue.
func (q *Tasks) Enqueue(ctx context.Context, item ledger.Item) (bool, error) {
	task, options, err := tasks.TaskOf(item, "")
	if err != nil {
		return false, ledger.Unreadable(item.Batch, item.Key, err)
	}
	made, err := q.Put(ctx, tasks.TaskID(item.Batch, item.Key, item.Record.Generation), task, options...)
	if err != nil {
		return false, fmt.Errorf("enqueue item %q of batch %q again: %w", item.Key, item.Batch, err)
	}
	return made, nil
}

// Put enqueues a task under the ID that its options name, and reports whether it did, alike.
func (q *Tasks) Put(ctx context.Context, id string, task *asynq.Task, options ...asynq.Option) (bool, error) {
	if err := q.deleteEnded(id); err != nil {
		return false, err
	}
	_, err := q.client.EnqueueContext(ctx, task, options...)
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		return false, nil
	}
	return err == nil, err
}

func (q *Tasks) deleteEnded(id string) error {
	info, err := q.inspector.GetTaskInfo(q.name, id)
	switch {
	case gone(err):
		return nil
	case err != nil:
		return fmt.Errorf("task %s of queue %s: %w", id, q.name, err)
	case info.State == asynq.TaskStateArchived || info.State == asynq.TaskStateCompleted:
		return q.Delete(id)
	}
	return nil
}
