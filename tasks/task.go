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
	batch string
	item  Item
	// token is the clientToken, id the ID of asynq's task.
	token, id string
}

// newTask returns a create task with the options to enqueue it under.
func newTask(t enqueueable, headers map[string]string) (*asynq.Task, []asynq.Option) {
	task := asynq.NewTaskWithHeaders(TypeCreate, newPayload(t.batch, t.item, t.token).Encode(), headers)
	return task, []asynq.Option{
		asynq.TaskID(t.id),
		asynq.Queue(t.item.queue()),
		asynq.MaxRetry(taskMaxRetry),
		asynq.Timeout(taskTimeout),
	}
}

// TaskOf returns a task for an item from its ledger record, for an item whose task is lost or delayed.
func TaskOf(item ledger.Item, suffix string) (*asynq.Task, []asynq.Option, error) {
	t, err := taskOf(item, suffix)
	if err != nil {
		return nil, nil, err
	}
	task, options := newTask(t, nil)
	return task, options, nil
}

func taskOf(item ledger.Item, suffix string) (enqueueable, error) {
	request, err := RequestOf(item.Spec)
	if err != nil {
		return enqueueable{}, err
	}
	wanted := Item{
		Key: item.Key, Account: item.Account, Region: item.Region, Priority: Priority(item.Priority),
		ClientToken: item.OwnToken, Request: request,
	}
	id := TaskID(item.Batch, item.Key, item.Record.Generation)
	if suffix != "" {
		id += "/" + url.PathEscape(suffix)
	}
	// The user's token stays in the task over all generations: it identifies the request.
	token := item.Record.ClientToken
	if item.OwnToken != "" {
		token = item.OwnToken
	}
	return enqueueable{item.Batch, wanted, token, id}, nil
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
