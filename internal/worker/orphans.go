package worker

import (
	"context"
	"time"

	"havip/internal/queue"
	"havip/ledger"
)

// unrenewed is the remaining time of a lease that was not renewed for ten seconds. asynq's leases last thirty
// seconds and are renewed every five.
const unrenewed = 20 * time.Second

// requeueOrphans requeues active tasks that no worker runs: the worker died between taking the task and claiming
// its item, the reply with the task was lost, or Redis lost the lease. asynq recovers such a task after a minute
// or two, and never one without a lease.
//
// A task is an orphan if, in two consecutive rounds, its lease was not renewed and no live worker claims its
// item. If a worker runs it after all, the ledger prevents both from sending at once.
func (r *Reconciler) requeueOrphans(ctx context.Context, l *queueMaintenance) error {
	active, err := l.Active(ctx)
	if err != nil {
		return err
	}
	until := r.now().Add(unrenewed)
	before := l.suspects
	if l.suspects, err = r.suspects(ctx, l, active, until); err != nil {
		return err
	}
	var orphans []string
	for id := range l.suspects {
		if before[id] {
			orphans = append(orphans, id)
		}
	}
	moved, err := l.Requeue(ctx, orphans, until)
	if moved > 0 {
		r.observer.Repaired(RepairOrphan, moved)
		l.log.Warn().Strs("tasks", orphans[:min(len(orphans), 10)]).Int("count", moved).
			Msg("tasks without a live worker were requeued")
	}
	return err
}

// suspects returns the tasks without a renewed lease whose items no live worker claims.
func (r *Reconciler) suspects(ctx context.Context, l *queueMaintenance, active []queue.Active, until time.Time) (map[string]bool, error) {
	suspects := map[string]bool{}
	var claimed map[ledger.ClaimedItem]bool
	for _, task := range active {
		if !task.Exists || task.Lease.After(until) {
			continue
		}
		if claimed == nil {
			var err error
			if claimed, err = r.claimedItems(ctx); err != nil {
				return nil, err
			}
		}
		full, found, err := l.Task(task.ID)
		if err != nil {
			return nil, err
		}
		if found && !claimed[ledger.ClaimedItem{Batch: full.Payload.Batch, Key: full.Payload.Key}] {
			suspects[task.ID] = true
		}
	}
	return suspects, nil
}

// claimedItems returns all items that live workers claim.
func (r *Reconciler) claimedItems(ctx context.Context) (map[ledger.ClaimedItem]bool, error) {
	beats, err := r.ledger.Beats(ctx)
	if err != nil {
		return nil, err
	}
	all := map[ledger.ClaimedItem]bool{}
	for _, beat := range beats {
		claimed, err := r.ledger.ClaimedBy(ctx, beat.Worker)
		if err != nil {
			return nil, err
		}
		for _, h := range claimed {
			all[h] = true
		}
	}
	return all, nil
}
