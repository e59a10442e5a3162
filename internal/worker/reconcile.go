package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/ledger"
	"havip/tasks"
)

// The terms of reconciling. They bound what it costs Redis: some hundred look-ups a round, by one
// worker of the fleet.
const (
	reconcileEvery = 5 * time.Second
	// reconcileLease is how long the elected worker stays elected without renewing.
	reconcileLease = 3 * reconcileEvery
	// staleAfter is how long an item may stand still before its task is looked for.
	staleAfter = time.Minute
	// stuckAfter is how long an item may stand still while its task is active.
	stuckAfter = 5 * time.Minute
	// batchesARound and itemsARound bound one round.
	batchesARound = 50
	itemsARound   = 100

	electionKey = "havip:reconciler"
)

// reconciler compares the ledger with the queue: an unfinished item whose task is gone (flushed,
// archived by asynq on a count of its own, lost with its Redis's last second) is enqueued again.
// The ledger decides what the task then does, so a task too many is harmless.
type reconciler struct {
	rdb       redis.UniversalClient
	ledger    *ledger.Ledger
	inspector *asynq.Inspector
	queue     *asynq.Client
	name      string
	lanes     []tasks.Lane
	log       zerolog.Logger
	now       func() time.Time
	// batch and item are where the next round goes on.
	batch, item int64
}

func newReconciler(c Config) *reconciler {
	r := &reconciler{
		rdb: c.Redis, ledger: ledger.New(c.Redis), name: c.Name, now: time.Now,
		inspector: asynq.NewInspectorFromRedisClient(c.Redis),
		queue:     asynq.NewClientFromRedisClient(c.Redis),
		log:       c.Logger.With().Str("component", "reconciler").Logger(),
	}
	for _, l := range c.Lanes {
		r.lanes = append(r.lanes, l.Lane)
	}
	return r
}

// run reconciles until ctx ends.
func (r *reconciler) run(ctx context.Context) {
	tick := time.NewTicker(reconcileEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := r.round(ctx); err != nil && ctx.Err() == nil {
			r.log.Warn().Err(err).Msg("reconciling failed; it is tried again")
		}
	}
}

// round is one bounded piece of the comparison, if this worker is elected.
func (r *reconciler) round(ctx context.Context) error {
	elected, err := electScript.Run(ctx, r.rdb, []string{electionKey}, r.name, reconcileLease.Milliseconds()).Bool()
	if errors.Is(err, redis.Nil) || (err == nil && !elected) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("election: %w", err)
	}
	if err := r.republishQueues(ctx); err != nil {
		return err
	}
	for _, l := range r.lanes {
		if err := r.sweepArchive(ctx, l); err != nil {
			return err
		}
	}
	batches, err := r.ledger.Active(ctx, r.batch, batchesARound)
	if err != nil {
		return err
	}
	looked := int64(0)
	for i, batch := range batches {
		n, err := r.reconcile(ctx, batch, itemsARound-looked)
		if err != nil {
			return err
		}
		if looked += n; looked >= itemsARound {
			r.batch += int64(i) // this batch may have more: it goes on from r.item
			return nil
		}
		r.item = 0
	}
	if r.batch += int64(len(batches)); len(batches) < batchesARound {
		r.batch = 0
	}
	return nil
}

// electScript makes one worker the reconciler, until it stops renewing.
var electScript = redis.NewScript(`
local elected = redis.call('GET', KEYS[1])
if elected and elected ~= ARGV[1] then return false end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`)

// republishQueues puts the lanes' queues back into asynq's list of queues, which asynq does but
// once a process: after a flush or a failover without the last second they would be invisible.
func (r *reconciler) republishQueues(ctx context.Context) error {
	names := make([]any, len(r.lanes))
	for i, l := range r.lanes {
		names[i] = l.Queue()
	}
	if err := r.rdb.SAdd(ctx, "asynq:queues", names...).Err(); err != nil {
		return fmt.Errorf("publish queues: %w", err)
	}
	return nil
}

// reconcile looks after up to limit items of a batch, and returns how many it looked at.
func (r *reconciler) reconcile(ctx context.Context, batch string, limit int64) (int64, error) {
	items, err := r.ledger.Stale(ctx, batch, staleAfter, r.item, limit)
	if err != nil {
		return 0, err
	}
	for _, item := range items {
		if err := r.mend(ctx, item); err != nil {
			return 0, err
		}
	}
	r.item += int64(len(items))
	return int64(len(items)), nil
}

// mend makes sure that the item has a task that will run.
func (r *reconciler) mend(ctx context.Context, item ledger.Item) error {
	lane := tasks.Lane{Account: item.Account, Region: item.Region}
	suffix := ""
	for generation := item.Record.Generation; generation >= 1; generation-- {
		state, err := r.taskState(lane.Queue(), tasks.TaskID(item.Batch, item.Key, generation))
		if err != nil {
			return err
		}
		switch state {
		case absent:
		case asynq.TaskStateActive:
			if !r.stuck(item) {
				return nil
			}
			suffix = fmt.Sprintf("stuck-%d", item.Record.Sends)
		case asynq.TaskStateArchived, asynq.TaskStateCompleted:
			// It will not run again, and keeps its ID from being used.
			if err := r.inspector.DeleteTask(lane.Queue(), tasks.TaskID(item.Batch, item.Key, generation)); err != nil {
				return fmt.Errorf("delete ended task of item %q: %w", item.Key, err)
			}
		default:
			return nil
		}
	}
	task, options, err := tasks.TaskOf(item, suffix)
	if err != nil {
		return err
	}
	if _, err := r.queue.EnqueueContext(ctx, task, options...); err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return fmt.Errorf("enqueue item %q of batch %q again: %w", item.Key, item.Batch, err)
	}
	r.log.Warn().Str("batch", item.Batch).Str("key", item.Key).Str("state", string(item.Record.State)).
		Msg("the item had no task that would run; it is enqueued again")
	return nil
}

// stuck reports whether the item's active task cannot be in anybody's hands any more: no run of the
// handler lasts that long without the item changing. asynq never recovers a task that is active
// without a lease.
func (r *reconciler) stuck(item ledger.Item) bool {
	return r.now().Sub(item.Record.UpdatedAt.Time()) > stuckAfter
}

// absent is the state of a task that asynq does not know.
const absent asynq.TaskState = 0

func (r *reconciler) taskState(queue, id string) (asynq.TaskState, error) {
	info, err := r.inspector.GetTaskInfo(queue, id)
	switch {
	case errors.Is(err, asynq.ErrQueueNotFound), errors.Is(err, asynq.ErrTaskNotFound):
		return absent, nil
	case err != nil:
		return absent, fmt.Errorf("task %s of queue %s: %w", id, queue, err)
	}
	return info.State, nil
}
