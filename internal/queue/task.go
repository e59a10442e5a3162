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

// Tasks is a queue with operations on single tasks. [Queue] is for the queue as a whole and does not depend on asynq's
// types.
type Tasks struct {
	*Queue
	inspector *asynq.Inspector
	client    *asynq.Client
}

// TasksOf returns the queue with its tasks. It does no I/O.
func TasksOf(q *Queue) *Tasks {
	client := redisconn.Full(q.rdb)
	return &Tasks{Queue: q, inspector: asynq.NewInspectorFromRedisClient(client), client: asynq.NewClientFromRedisClient(client)}
}

// Task is the part of asynq's task that is needed here.
type Task struct {
	ID string
	// Payload is zero if it cannot be read; Readable reports whether it can.
	Payload  tasks.Payload
	Readable bool
	// LastError is why it failed, from its handler or asynq.
	LastError string
}

// Task reads one task; found is false if it no longer exists.
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

// Refused reports whether a handler decided that the task must not run again, rather than asynq by its
// retry count.
func (t Task) Refused() bool { return tasks.WasRefused(t.LastError) }

// Names reports whether the task is the item's own, not another request under the item's task ID.
func (t Task) Names(item ledger.Item) bool {
	if t.Readable && t.Payload.Reference() {
		return t.Payload.Batch == item.Batch && t.Payload.Key == item.Key
	}
	request, err := tasks.RequestOf(item.Spec)
	return err == nil && t.Readable && t.Payload.Item().Request == request &&
		t.Payload.Account == item.Account && t.Payload.Region == item.Region
}

// Delete deletes a task that is not active, if it exists.
func (q *Tasks) Delete(id string) error {
	if err := q.inspector.DeleteTask(q.name, id); err != nil && !gone(err) {
		return fmt.Errorf("delete task %s of queue %s: %w", id, q.name, err)
	}
	return nil
}

// Run makes a waiting or archived task run now. It does nothing if the task is gone or pending.
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

// Enqueue enqueues a task for the item in its own queue, and reports whether it did: it adds none if the item's task is
// already there.
func Enqueue(ctx context.Context, rdb redis.Cmdable, item ledger.Item) (bool, error) {
	task, options := tasks.TaskOf(item, "")
	made, err := TasksOf(Named(rdb, tasks.QueueOf(item))).Put(ctx, tasks.TaskID(item.Batch, item.Key, item.Record.Generation), task, options...)
	if err != nil {
		return false, fmt.Errorf("enqueue item %q of batch %q again: %w", item.Key, item.Batch, err)
	}
	return made, nil
}

// Put enqueues a task under the ID in its options, and reports whether it did.
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
