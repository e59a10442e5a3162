package tasks

import (
	"net/url"
	"strconv"
	"time"

	"github.com/hibiken/asynq"

	"havip/ledger"
)

// The terms under which tasks are enqueued.
const (
	// taskMaxRetry is out of reach on purpose: the handler ends retries by the ledger. asynq
	// counts only what the handler did not decide, and would archive the task at the limit.
	taskMaxRetry = 1000
	// taskTimeout is far above what one run of the handler takes, which ends by its own
	// deadlines: asynq would run a second one beside a handler that outlives it.
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
func newTask(t enqueueable) (*asynq.Task, []asynq.Option) {
	task := asynq.NewTask(TypeCreate, newPayload(t.batch, t.item, t.token).Encode())
	return task, []asynq.Option{
		asynq.TaskID(t.id),
		asynq.Queue(Lane{Account: t.item.Account, Region: t.item.Region}.Queue()),
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
	task, options := newTask(t)
	return task, options, nil
}

func taskOf(item ledger.Item, suffix string) (enqueueable, error) {
	request, err := RequestOf(item.Spec)
	if err != nil {
		return enqueueable{}, err
	}
	wanted := Item{
		Key: item.Key, Account: item.Account, Region: item.Region, ClientToken: item.OwnToken, Request: request,
	}
	id := TaskID(item.Batch, item.Key, item.Record.Generation)
	if suffix != "" {
		id += "/" + url.PathEscape(suffix)
	}
	// An item's own token stays in its task over all generations: it says which request is meant.
	token := item.Record.ClientToken
	if item.OwnToken != "" {
		token = item.OwnToken
	}
	return enqueueable{item.Batch, wanted, token, id}, nil
}

// TaskID names the task of one generation of an item: asynq refuses a second one while the
// first is in the queue. Escaping keeps apart what a slash in a batch or key would join, and
// keeps braces, which choose Redis Cluster slots, out of asynq's keys.
func TaskID(batch, key string, generation int) string {
	return url.PathEscape(batch) + "/" + url.PathEscape(key) + "/" + strconv.Itoa(generation)
}
