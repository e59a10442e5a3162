package audit

import (
	"context"
	"time"

	"havip/internal/queue"
	"havip/internal/words"
)

// leaseGrace is how long after the end of its lease asynq may still recover a task by itself: it waits for 30 s in
// case clocks differ, and then checks once a minute.
const leaseGrace = 2 * time.Minute

// orphaned reports whether no worker has the task and asynq will not recover it.
func orphaned(t queue.Active, now time.Time) bool {
	return t.Exists && !t.Lease.After(now.Add(-leaseGrace))
}

// orphans looks for active tasks without a lease, which asynq never recovers, and with one that ended
// long ago, which it should have.
func (x *examination) orphans(ctx context.Context, q *queue.Tasks) error {
	active, err := q.Active(ctx)
	if err != nil {
		return err
	}
	now := x.Now()
	var names []string
	unleased := 0
	for _, task := range active {
		if orphaned(task, now) {
			names = append(names, task.ID)
			if task.Lease.IsZero() {
				unleased++
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	d := warning(CodeOrphaned, q.Subject(), "%s active but not run by any worker (%d without a lease, %d with an expired one): %s.",
		words.Count(len(names), "task is", "tasks are"), unleased, len(names)-unleased, examples(names)).
		meaning("Their workers died, or Redis lost their leases. asynq does not recover tasks without a lease.",
			x.serve()+" for the lane if none runs: it picks them up within seconds. Or run `enqueue doctor --fix`, which queues them again. The ledger ensures that nothing is sent twice.")
	if x.Fix {
		n, err := q.Requeue(ctx, names, now.Add(-leaseGrace))
		if err != nil {
			return err
		}
		d.Repaired = "Queued " + counted(n, "task") + " again."
	}
	return x.report(d)
}
