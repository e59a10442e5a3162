package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/internal/queue"
	"havip/ledger"
	"havip/lifecycle"
	"havip/tasks"
)

// DeadWorkerItems is the part of the ledger that a [Rescuer] uses; [*ledger.Ledger] implements it.
type DeadWorkerItems interface {
	ClaimedBy(ctx context.Context, worker string) ([]ledger.ClaimedItem, error)
	Release(ctx context.Context, batch, key, dead string, silent time.Duration) (ledger.Release, error)
	UnclaimItem(ctx context.Context, worker string, h ledger.ClaimedItem) error
	RemoveDeadWorker(ctx context.Context, worker string) error
}

// RescuerConfig configures a [Rescuer]; all fields are required.
type RescuerConfig struct {
	Ledger DeadWorkerItems
	Queue  tasks.Queue
	// Redis is the Redis that Queue enqueues into.
	Redis    redis.Cmdable
	Observer Observer
	Logger   zerolog.Logger
}

// Rescuer continues the items whose tasks a dead worker ran. Every worker has one for all lanes, and all may run
// at once: each step is safe to repeat, and another rescuer finishes what a killed one began.
type Rescuer struct {
	RescuerConfig
	damage damage
}

// NewRescuer returns a rescuer.
func NewRescuer(c RescuerConfig) *Rescuer { return &Rescuer{RescuerConfig: c} }

// Rescue rescues all items that the dead worker claims and then removes the worker. If requests of that worker
// may still be in flight, it returns how long to wait before the next call. Items that remain after that, or
// after an error, remain claimed; so does an unreadable item, until it is repaired.
func (r *Rescuer) Rescue(ctx context.Context, dead Silence) (again time.Duration, err error) {
	claimed, err := r.Ledger.ClaimedBy(ctx, dead.Worker)
	if err != nil {
		return 0, err
	}
	for _, h := range claimed {
		wait, err := r.rescue(ctx, dead, h)
		if _, err = r.damage.skip(r.Logger, err); err != nil {
			return again, err
		}
		if wait > 0 && (again == 0 || wait < again) {
			again = wait
		}
	}
	return again, r.Ledger.RemoveDeadWorker(ctx, dead.Worker)
}

// rescue rescues one item, or returns how long to wait before it can. It removes the item's claim last, so that
// another rescuer continues if this one dies.
func (r *Rescuer) rescue(ctx context.Context, dead Silence, h ledger.ClaimedItem) (wait time.Duration, err error) {
	release, err := r.Ledger.Release(ctx, h.Batch, h.Key, dead.Worker, dead.For())
	if err != nil {
		return 0, err
	}
	if release.Result == lifecycle.ReleasedEarly {
		return release.Wait, nil
	}
	// Absent is the item of a foreign task that was not registered yet: only asynq knows it.
	if release.Result == lifecycle.ReleasedApplied {
		if err := r.enqueue(ctx, dead, release.Item); err != nil {
			return 0, err
		}
	}
	return 0, r.Ledger.UnclaimItem(ctx, dead.Worker, h)
}

// enqueue enqueues a task for the item. The task ID includes the dead worker's name: asynq still holds the dead
// worker's tasks, and the worker that runs this task may die as well.
func (r *Rescuer) enqueue(ctx context.Context, dead Silence, item ledger.Item) error {
	log := r.Logger.With().Str("batch", item.Batch).Str("key", item.Key).Str("dead", dead.Worker).Logger()
	task, options := tasks.TaskOf(item, "rescue-"+dead.Worker)
	info, err := r.Queue.EnqueueContext(ctx, task, options...)
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		return nil // another rescuer was faster
	}
	if err != nil {
		return fmt.Errorf("rescue item %q of batch %q: %w", item.Key, item.Batch, err)
	}
	if err := r.toFront(ctx, info); err != nil {
		log.Warn().Err(err).Msg("rescued item could not be moved to the front of its queue")
	}
	log.Warn().Str("state", string(item.Record.State)).Dur("silent", dead.For()).Msg("item of a dead worker requeued")
	r.Observer.Repaired(RepairRescue, 1)
	return nil
}

// toFront moves a pending task to the front of its queue, as asynq does for the tasks that a stopping server
// returns: behind a long queue it would wait for hours. It uses the key layout of asynq v0.26; if the layout
// changes, it moves nothing.
func (r *Rescuer) toFront(ctx context.Context, info *asynq.TaskInfo) error {
	return frontScript.Run(ctx, r.Redis, []string{queue.PendingKey(info.Queue)}, info.ID).Err()
}

// A task that is no longer pending was already taken, and must not be added again.
var frontScript = redis.NewScript(`
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 then
  return redis.call('RPUSH', KEYS[1], ARGV[1])
end
return 0`)
