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

// Queue is asynq's notification queue. Its name is not a lane's.
const Queue = "havip.notices"

// TypeNotify is the asynq type of a notification task.
const TypeNotify = "havip:notify"

const (
	// taskMaxRetry is never reached: the ledger ends the retries.
	taskMaxRetry = 1000
	// taskTimeout is far above the duration of an attempt.
	taskTimeout = time.Minute
)

// payload only identifies a task's notification; its content and URL are in the ledger.
type payload struct {
	Version    int    `json:"v"`
	Batch      string `json:"batch"`
	Completion int64  `json:"completion"`
}

// TaskID returns the ID of a notification's task, so that asynq refuses a second one while the first is queued.
// It depends on the URL, so that a new URL is notified at once and not when the old one's retry is due.
func TaskID(b ledger.Batch, completion int64) string {
	sum := sha256.Sum256([]byte(b.OnComplete))
	const enough = 4
	return url.PathEscape(b.Name) + "/" + strconv.FormatInt(completion, 10) + "/" + hex.EncodeToString(sum[:enough])
}

// TaskOf returns a notification's task and the options to enqueue it with.
func TaskOf(b ledger.Batch, completion int64) (*asynq.Task, []asynq.Option, error) {
	text, err := json.Marshal(payload{Version: 1, Batch: b.Name, Completion: completion})
	if err != nil {
		return nil, nil, fmt.Errorf("notification %d of batch %q: %w", completion, b.Name, err)
	}
	return asynq.NewTask(TypeNotify, text), []asynq.Option{
		asynq.TaskID(TaskID(b, completion)), asynq.Queue(Queue), asynq.MaxRetry(taskMaxRetry), asynq.Timeout(taskTimeout),
	}, nil
}

func decode(task *asynq.Task) (p payload, err error) {
	if task.Type() != TypeNotify {
		return p, fmt.Errorf("task of type %q in the notification queue", task.Type())
	}
	if err := json.Unmarshal(task.Payload(), &p); err != nil {
		return p, errors.New("payload of a notification: not JSON")
	}
	if p.Version != 1 || p.Batch == "" || p.Completion < 1 {
		return p, errors.New("payload of a notification: must have version 1, a batch and a completion")
	}
	return p, nil
}
