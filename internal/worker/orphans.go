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

// takeUpOrphans queues active tasks again that are in nobody's hands: their worker died in the moment
// between taking a task and noting it, the answer that brought the task was lost on its way, or Redis
// lost its lease. asynq gets to them after a minute or two, and to those without a lease never.
//
// A task is an orphan when its lease was not renewed and no living worker holds its item, in two
// rounds one after the other. Were it in somebody's hands all the same, the ledger keeps both from
// sending at once.
func (r *Reconciler) takeUpOrphans(ctx context.Context, l *laneTend) error {
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
func (r *Reconciler) suspects(ctx context.Context, l *laneTend, active []queue.Active, until time.Time) (map[string]bool, error) {
	suspects := map[string]bool{}
	var held map[ledger.Held]bool
	for _, task := range active {
		if !task.Exists || task.Lease.After(until) {
			continue
		}
		if held == nil {
			var err error
			if held, err = r.inHand(ctx); err != nil {
				return nil, err
			}
		}
		full, found, err := l.Task(task.ID)
		if err != nil {
			return nil, err
		}
		if found && !held[ledger.Held{Batch: full.Payload.Batch, Key: full.Payload.Key}] {
			suspects[task.ID] = true
		}
	}
	return suspects, nil
}

// inHand is all that living workers hold.
func (r *Reconciler) inHand(ctx context.Context) (map[ledger.Held]bool, error) {
	beats, err := r.ledger.Beats(ctx)
	if err != nil {
		return nil, err
	}
	inHand := map[ledger.Held]bool{}
	for _, beat := range beats {
		held, err := r.ledger.HeldBy(ctx, beat.Worker)
		if err != nil {
			return nil, err
		}
		for _, h := range held {
			inHand[h] = true
		}
	}
	return inHand, nil
}
