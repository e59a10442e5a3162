package audit

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"havip/tasks"
)

// leaseGrace is how long after the end of its lease a task may still be about to come back by itself:
// asynq waits for 30 s in case clocks differ, and then looks once a minute.
const leaseGrace = 2 * time.Minute

var (
	activeScript  = script("active")
	requeueScript = script("requeue")
)

// activeTask is a task that asynq takes to be in a worker's hands.
type activeTask struct {
	id string
	// lease is when the worker's hold on it ends unless it is renewed; zero for none.
	lease  time.Time
	exists bool
}

// orphaned reports whether the task is in nobody's hands and will not come back by itself.
func (t activeTask) orphaned(now time.Time) bool {
	return t.exists && !t.lease.After(now.Add(-leaseGrace))
}

// orphans looks for active tasks without a lease, which asynq never recovers, and with one that ended
// long ago, which it should have.
func (x *examination) orphans(ctx context.Context, lane tasks.Lane) error {
	active, err := x.active(ctx, lane)
	if err != nil {
		return err
	}
	now := x.Now()
	var names []string
	unleased := 0
	for _, task := range active {
		if task.orphaned(now) {
			names = append(names, task.id)
			if task.lease.IsZero() {
				unleased++
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	d := warning(CodeOrphaned, "lane "+lane.String(), "%s active and in nobody's hands (%d without a lease, %d past it): %s.",
		numbered(len(names), "task is", "tasks are"), unleased, len(names)-unleased, examples(names)).
		saying("Their workers died, or Redis lost their leases. Tasks without a lease do not come back; workers find their items after five minutes.",
			"Start a worker for the lane if none runs, or run `enqueue doctor --fix`: it queues them again. The ledger sees to it that nothing is sent twice.")
	if x.Fix {
		n, err := x.requeue(ctx, lane, names, now)
		if err != nil {
			return err
		}
		d.Repaired = "Queued " + counted(n, "task") + " again."
	}
	return x.tell(d)
}

func (x *examination) active(ctx context.Context, lane tasks.Lane) ([]activeTask, error) {
	k := keysOf(lane)
	rows, err := activeScript.Run(ctx, x.Redis, []string{k.key("active"), k.key("lease")}, k.taskPrefix(), rangeSize).Slice()
	if err != nil {
		return nil, err
	}
	active := make([]activeTask, len(rows))
	for i, row := range rows {
		fields, _ := row.([]any)
		if len(fields) != 3 {
			return nil, fmt.Errorf("unexpected answer %v from a script", row)
		}
		id, _ := fields[0].(string)
		active[i] = activeTask{id: id, exists: fields[2] == int64(1)}
		if text, _ := fields[1].(string); text != "" {
			seconds, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return nil, fmt.Errorf("lease of task %s: %w", id, err)
			}
			active[i].lease = time.Unix(int64(seconds), 0)
		}
	}
	return active, nil
}

// requeue moves tasks to where the next one is taken from, and answers how many.
func (x *examination) requeue(ctx context.Context, lane tasks.Lane, ids []string, now time.Time) (int, error) {
	k := keysOf(lane)
	moved := 0
	for _, id := range ids {
		keys := []string{k.key("active"), k.key("lease"), k.key("pending"), k.taskPrefix() + id}
		n, err := requeueScript.Run(ctx, x.Redis, keys, id, now.Add(-leaseGrace).Unix(), now.UnixNano()).Int()
		if err != nil {
			return moved, err
		}
		moved += n
	}
	return moved, nil
}
