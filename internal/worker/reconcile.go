package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/internal/queue"
	"havip/ledger"
	"havip/tasks"
)

// The bounds of reconciling. A round costs Redis some dozens of calls and up to 5,000 lookups, each a millisecond at
// most, by one worker of all.
const (
	reconcileEvery = 5 * time.Second
	// reconcileLease is how long the elected worker stays elected without renewing.
	reconcileLease = 3 * reconcileEvery

	electionKey = "havip:reconciler"
)

// Reconciler compares the ledger with the queues and repairs the differences. It enqueues an unfinished item
// again if its task is gone (flushed, archived by asynq, or lost with Redis's last second), requeues an
// active task that no worker runs, removes IDs without a task, enqueues pending notifications, and trims
// asynq's archive. The ledger decides what a task does, so an extra task is harmless.
type Reconciler struct {
	rdb    redis.Cmdable
	ledger *ledger.Ledger
	name   string
	// lanes are the worker's own; a round covers every lane that has a queue.
	lanes []tasks.Lane
	log   zerolog.Logger
	// outage explains failed rounds; it may be nil.
	outage *outage
	// observer is notified of repairs.
	observer Observer
	now      func() time.Time
	lost     lostItems
	// damage logs the unreadable items.
	damage damage
	// bounds are those of the search for lost items.
	bounds lostBounds
	// maintenance is by the queue's name.
	maintenance map[string]*queueMaintenance
	// notices is the maintenance of pending notifications.
	notices *noticeMaintenance
}

func newReconciler(c Config) *Reconciler {
	r := &Reconciler{
		rdb: c.Redis, ledger: ledger.New(c.Redis), name: c.Name, outage: c.outage, observer: c.Observer, now: time.Now, maintenance: map[string]*queueMaintenance{},
		bounds: defaultLostBounds, notices: newNoticeMaintenance(c.Redis),
		log: c.Logger.With().Str("component", "reconciler").Logger(),
	}
	for _, l := range c.Lanes {
		r.lanes = append(r.lanes, l.Lane)
	}
	return r
}

// run reconciles until ctx ends.
func (r *Reconciler) run(ctx context.Context) {
	tick := time.NewTicker(reconcileEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := r.Round(ctx); err != nil && ctx.Err() == nil {
			r.log.WithLevel(r.outage.level(ctx, zerolog.WarnLevel)).Err(err).Msg("reconciling failed; will be retried")
		}
	}
}

// Round runs one bounded step if this worker is elected. A failure in one lane does not affect the others.
func (r *Reconciler) Round(ctx context.Context) error {
	if err := queue.Publish(ctx, r.rdb, r.lanes); err != nil {
		return err
	}
	if elected, err := elect(ctx, r.rdb, electionKey, r.name, reconcileLease); err != nil || !elected {
		return err
	}
	queues, err := queue.Published(ctx, r.rdb)
	if err != nil {
		return err
	}
	empty, err := r.empty(ctx, queues)
	errs := []error{err}
	current := map[string]*queueMaintenance{}
	for _, q := range queues {
		if empty[q.Name()] { // nothing is to be repaired, and an idle lane costs nothing
			continue
		}
		m := r.maintenance[q.Name()]
		if m == nil {
			m = newQueueMaintenance(queue.TasksOf(q))
		}
		current[q.Name()] = m
		errs = append(errs, r.maintainQueue(ctx, m))
	}
	r.maintenance = current
	errs = append(errs, r.maintainNotices(ctx))
	// enqueueLost comes last, because the repairs before it may be sufficient for an item.
	return errors.Join(append(errs, r.enqueueLost(ctx))...)
}

// empty returns the names of the queues that have no task in any state.
func (r *Reconciler) empty(ctx context.Context, queues []*queue.Queue) (map[string]bool, error) {
	names := make([]string, len(queues))
	for i, q := range queues {
		names[i] = q.Name()
	}
	states, err := queue.States(ctx, r.rdb, names, r.now())
	empty := map[string]bool{}
	for _, name := range names {
		state, known := states[name]
		empty[name] = known && !state.Tasks
	}
	return empty, err
}

// queueMaintenance is the progress of the maintenance of one queue.
type queueMaintenance struct {
	*queue.Tasks
	log zerolog.Logger
	// suspects are active tasks that no worker ran in the previous round.
	suspects map[string]bool
	// danglingRange is the range in which the next round looks for IDs without a task.
	danglingRange int
	// archived is the rank at which the scan of the archive continues.
	archived int64
}

func newQueueMaintenance(q *queue.Tasks) *queueMaintenance { return &queueMaintenance{Tasks: q} }

func (r *Reconciler) maintainQueue(ctx context.Context, l *queueMaintenance) error {
	l.log = r.log.With().Stringer("lane", l.Lane).Logger()
	return errors.Join(r.requeueOrphans(ctx, l), r.removeDanglingIDs(ctx, l), r.settleArchive(ctx, l))
}

// removeDanglingIDs removes IDs without a task, one range of the queue per round.
func (r *Reconciler) removeDanglingIDs(ctx context.Context, l *queueMaintenance) error {
	ranges := queue.Ranges()
	next := ranges[l.danglingRange%len(ranges)]
	l.danglingRange++
	dangling, err := l.DanglingIDs(ctx, next, true)
	if len(dangling) > 0 {
		r.observer.Repaired(RepairDangling, len(dangling))
		l.log.Warn().Strs("ids", dangling[:min(len(dangling), 10)]).Int("count", len(dangling)).
			Msg("removed ids of tasks that do not exist; Redis evicted the tasks, or another program deleted them")
	}
	return err
}

// elect makes this worker the elected one for key until the lease ends, and reports whether it is.
func elect(ctx context.Context, rdb redis.Cmdable, key, name string, lease time.Duration) (bool, error) {
	elected, err := electScript.Run(ctx, rdb, []string{key}, name, lease.Milliseconds()).Bool()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("election: %w", err)
	}
	return elected, nil
}

// electScript elects one worker until it stops renewing. Redis measures the lease by its own clock: the remaining time
// exceeds the lease only if that clock was set back, and the lease is then replaced.
var electScript = redis.NewScript(`
local elected = redis.call('GET', KEYS[1])
if elected and elected ~= ARGV[1] then
  local left = redis.call('PTTL', KEYS[1])
  if left >= 0 and left <= tonumber(ARGV[2]) then return false end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`)
