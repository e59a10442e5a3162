package worker

import (
	"context"

	"havip/internal/queue"
)

// The bounds of the maintenance of asynq's archive. asynq silently trims it at 9,999 tasks, and above about 8,000 old
// entries its script for archiving fails, so that no task can be archived.
const (
	// archiveKept is the maximum number of archived tasks of a lane that are kept for inspection.
	archiveKept = 900
	// settledARound and sweptARound bound one round.
	settledARound = 100
	sweptARound   = 500
)

// settleArchive continues its scan of the lane's archive, and settles the tasks that need no inspection: those of
// finished, unfinished and unregistered items. Of the others, it deletes the oldest above archiveKept.
func (r *Reconciler) settleArchive(ctx context.Context, l *queueMaintenance) error {
	ids, err := l.Archived(ctx, l.archived, l.archived+settledARound-1)
	if err != nil {
		return err
	}
	for _, id := range ids {
		fate, err := r.settle(ctx, l, id)
		if err != nil {
			return err
		}
		if fate == queue.Kept {
			l.archived++
		}
	}
	if len(ids) < settledARound {
		l.archived = 0
	}
	return r.sweep(ctx, l)
}

// settle settles one archived task and logs the result.
func (r *Reconciler) settle(ctx context.Context, l *queueMaintenance, id string) (queue.Fate, error) {
	fate, err := l.Settle(ctx, id, r.ledger)
	if err == nil && fate != queue.Kept && fate != queue.Vanished {
		l.log.Warn().Str("task", id).Str("fate", string(fate)).Msg("asynq archived a task; settled")
		r.observer.Repaired(RepairArchived, 1)
	}
	return fate, err
}

// sweep deletes the oldest archived tasks above archiveKept, and logs the reason of each.
func (r *Reconciler) sweep(ctx context.Context, l *queueMaintenance) error {
	size, err := l.Sizes(ctx)
	if err != nil {
		return err
	}
	excess := min(size.Archived-archiveKept, sweptARound)
	if excess <= 0 {
		return nil
	}
	oldest, err := l.Archived(ctx, 0, excess-1)
	if err != nil {
		return err
	}
	for _, id := range oldest {
		if err := r.forget(ctx, l, id); err != nil {
			return err
		}
	}
	l.archived = max(0, l.archived-excess)
	l.log.Warn().Int64("archived", size.Archived).Int("deleted", len(oldest)).
		Msg("asynq's archive is long: a producer may be enqueueing tasks that cannot run")
	return nil
}

// forget deletes one archived task that is kept for inspection; any other is settled.
func (r *Reconciler) forget(ctx context.Context, l *queueMaintenance, id string) error {
	fate, err := r.settle(ctx, l, id)
	if err != nil || fate != queue.Kept {
		return err
	}
	task, found, err := l.Task(id)
	if err != nil || !found {
		return err
	}
	l.log.Info().Str("task", id).Str("reason", task.LastError).Msg("archived task deleted")
	return l.Delete(id)
}
