package queue

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

var (
	activeScript  = script("active")
	requeueScript = script("requeue")
)

// Active is a task that asynq considers active.
type Active struct {
	ID string
	// Lease is when the worker's lease ends unless renewed, by the worker's clock; zero if there is
	// none.
	Lease time.Time
	// Exists is false for an ID without a task.
	Exists bool
}

// Active reads up to [RangeSize] active tasks in one atomic step.
func (q *Queue) Active(ctx context.Context) ([]Active, error) {
	rows, err := activeScript.Run(ctx, q.rdb, []string{q.Key("active"), q.Key("lease")}, q.taskPrefix(), RangeSize).Slice()
	if err != nil {
		return nil, fmt.Errorf("active tasks of queue %s: %w", q.name, err)
	}
	active := make([]Active, len(rows))
	for i, row := range rows {
		if active[i], err = decodeActive(row); err != nil {
			return nil, err
		}
	}
	return active, nil
}

func decodeActive(row any) (Active, error) {
	fields, _ := row.([]any)
	if len(fields) != 3 {
		return Active{}, fmt.Errorf("unexpected answer %v from a script", row)
	}
	id, _ := fields[0].(string)
	a := Active{ID: id, Exists: fields[2] == int64(1)}
	if text, _ := fields[1].(string); text != "" {
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return Active{}, fmt.Errorf("lease of task %s: %w", id, err)
		}
		a.Lease = time.Unix(int64(seconds), 0)
	}
	return a, nil
}

// Requeue moves active tasks to the front of the queue and returns how many it moved. It does not move a task whose lease
// now ends after leasedUntil: a worker has it.
func (q *Queue) Requeue(ctx context.Context, ids []string, leasedUntil time.Time) (int, error) {
	moved := 0
	for _, id := range ids {
		keys := []string{q.Key("active"), q.Key("lease"), q.Key("pending"), q.taskPrefix() + id}
		n, err := requeueScript.Run(ctx, q.rdb, keys, id, leasedUntil.Unix(), time.Now().UnixNano()).Int()
		if err != nil {
			return moved, fmt.Errorf("queue task %s of %s again: %w", id, q.name, err)
		}
		moved += n
	}
	return moved, nil
}
