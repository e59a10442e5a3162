package tasks

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hibiken/asynq"

	"havip/ledger"
)

// The options of enqueued tasks.
const (
	// taskMaxRetry is never reached: the ledger ends retries. asynq counts only failures that the handler did not
	// decide, and archives the task at the limit.
	taskMaxRetry = 1000
	// taskTimeout is far longer than one run, which has its own deadlines: after it, asynq would start a second run in
	// parallel.
	taskTimeout = 10 * time.Minute
)

// enqueueable is a task before it is asynq's.
type enqueueable struct {
	batch, key string
	// queue and id are those of asynq's task.
	queue, id string
}

// newTask returns a create task with the options to enqueue it under.
func newTask(t enqueueable, headers map[string]string) (*asynq.Task, []asynq.Option) {
	task := asynq.NewTaskWithHeaders(TypeCreate, newReference(t.batch, t.key).Encode(), headers)
	return task, []asynq.Option{
		asynq.TaskID(t.id),
		asynq.Queue(t.queue),
		asynq.MaxRetry(taskMaxRetry),
		asynq.Timeout(taskTimeout),
	}
}

// TaskOf returns a task for an item from its ledger record, for an item whose task is lost or delayed.
func TaskOf(item ledger.Item, suffix string) (*asynq.Task, []asynq.Option) {
	return newTask(taskOf(item, suffix), nil)
}

func taskOf(item ledger.Item, suffix string) enqueueable {
	id := TaskID(item.Batch, item.Key, item.Record.Generation)
	if suffix != "" {
		id += "/" + url.PathEscape(suffix)
	}
	return enqueueable{item.Batch, item.Key, QueueOf(item), id}
}

// TaskID returns the task ID of one generation of an item: asynq refuses a second task with that ID. Escaping keeps
// slashes in a batch or key unambiguous, and braces, which choose Redis Cluster slots, out of asynq's keys.
func TaskID(batch, key string, generation int) string {
	return url.PathEscape(batch) + "/" + url.PathEscape(key) + "/" + strconv.Itoa(generation)
}

// KeyOfTask returns the key of the batch's item whose task has this ID, in any generation. ok is false for the ID of
// another task.
func KeyOfTask(batch, id string) (key string, ok bool) {
	rest, ours := strings.CutPrefix(id, url.PathEscape(batch)+"/")
	escaped, _, whole := strings.Cut(rest, "/")
	key, err := url.PathUnescape(escaped)
	return key, ours && whole && err == nil
}
