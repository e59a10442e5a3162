package worker

import (
	"context"
	"time"

	"havip/internal/queue"
	"havip/ledger"
)

// unrenewed is how far before its end a lease is that was not renewed for ten seconds. asynq gives a
// lease of thirty, and renews it every five.
const unrenewed = 20 * time.Second

// requeueOrphans queues active tasks again that are in nobody's hands: their worker died in the moment
// between taking a task and noting it, the answer that brought the task was lost on its way, or Redis
// lost its lease. asynq gets to them after a minute or two, and to those without a lease never.
//
// A task is an orphan when its lease was not renewed and no living worker holds its item, in two
// rounds one after the other. Were it in somebody's hands all the same, the ledger keeps both from
// sending at once.
func (r *Reconciler) requeueOrphans(ctx context.Context, l *laneMaintenance) error {
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
		l.log.Warn().Strs("tasks", orphans[:min(len(orphans), 10)]).Int("count", moved).
			Msg("tasks that were in nobody's hands are queued again")
	}
	return err
}

// suspects are the tasks without a renewed lease whose items no living worker holds.
func (r *Reconciler) suspects(ctx context.Context, l *laneMaintenance, active []queue.Active, until time.Time) (map[string]bool, error) {
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

// claimedItems returns all items that living workers claim.
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
