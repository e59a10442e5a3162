package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/hibiken/asynq"

	"havip/ledger"
)

// Queue is asynq's queue of notices. It has the form of no lane's.
const Queue = "havip.notices"

// TypeNotify is the asynq type of a task that tells of a completion.
const TypeNotify = "havip:notify"

const (
	// taskMaxRetry is out of reach: the ledger ends it.
	taskMaxRetry = 1000
	// taskTimeout is far above what an attempt takes.
	taskTimeout = time.Minute
)

// payload says which notice a task is about, and nothing of it: what is owed, to whom, the ledger knows.
type payload struct {
	Version    int    `json:"v"`
	Batch      string `json:"batch"`
	Completion int64  `json:"completion"`
}

// TaskID names the task of a notice: asynq refuses a second one while the first is in the queue. It is of
// the URL as well, so that another one is told at once and not when it is the first one's turn again.
func TaskID(b ledger.Batch, completion int64) string {
	sum := sha256.Sum256([]byte(b.OnComplete))
	const enough = 4
	return url.PathEscape(b.Name) + "/" + strconv.FormatInt(completion, 10) + "/" + hex.EncodeToString(sum[:enough])
}

// TaskOf returns the task of a notice with the options to enqueue it under.
func TaskOf(b ledger.Batch, completion int64) (*asynq.Task, []asynq.Option, error) {
	text, err := json.Marshal(payload{Version: 1, Batch: b.Name, Completion: completion})
	if err != nil {
		return nil, nil, fmt.Errorf("notice %d of batch %q: %w", completion, b.Name, err)
	}
	return asynq.NewTask(TypeNotify, text), []asynq.Option{
		asynq.TaskID(TaskID(b, completion)), asynq.Queue(Queue), asynq.MaxRetry(taskMaxRetry), asynq.Timeout(taskTimeout),
	}, nil
}

func decode(task *asynq.Task) (p payload, err error) {
	if task.Type() != TypeNotify {
		return p, fmt.Errorf("task of type %q in the queue of notices", task.Type())
	}
	if err := json.Unmarshal(task.Payload(), &p); err != nil {
		return p, errors.New("payload of a notice: not JSON")
	}
	if p.Version != 1 || p.Batch == "" || p.Completion < 1 {
		return p, errors.New("payload of a notice: must name version 1, a batch and a completion")
	}
	return p, nil
}
