package worker

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/internal/queue"
)

const (
	// watchEvery is how often sleeping queues are checked for new tasks, by one command for all of them: a new task waits 20 ms
	// on average. In a cluster there is a command for each queue; as many queues as watchEveryQueue is contained in watchEvery
	// are checked so often, and more queues less often: 50 commands a second in all, of which each master gets a part.
	watchEvery      = taskCheckInterval * 4 / 5
	watchEveryQueue = 20 * time.Millisecond
	// statesEvery is how often all queues are checked for delayed tasks that are due, and for idle servers. It is also the
	// delay after an error.
	statesEvery = time.Second
	// sleepAfter is how long servers have nothing to do before they sleep. To wake them and let them sleep costs as many
	// commands as two seconds awake.
	sleepAfter = 3 * time.Second
)

// taskWatcher wakes the asynq servers of a worker's queues when there is something to do, and lets them sleep afterwards.
// asynq's servers would ask Redis some thirty times a second for each lane. It is safe for concurrent use.
type taskWatcher struct {
	rdb       redis.Cmdable
	clustered bool
	// every is how often sleeping queues are checked, unless there are many in a cluster.
	every time.Duration
	// log and outage report failed checks.
	log    zerolog.Logger
	outage *outage

	// mu guards served.
	mu     sync.Mutex
	served []*queueServers

	// checked is when run last read the states of all queues, of as many servers as known, and quiet are the pending lists of
	// those sleeping queues that had no pending task then.
	checked time.Time
	known   int
	quiet   []string
}

func newTaskWatcher(c Config) *taskWatcher {
	return &taskWatcher{
		rdb: c.Redis, clustered: queue.Clustered(c.Redis), every: c.taskCheck * 4 / 5, // by default watchEvery
		log: c.Logger.With().Str("component", "watcher").Logger(), outage: c.outage,
	}
}

// add also watches these servers, which sleep.
func (w *taskWatcher) add(s *queueServers) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.served = append(w.served, s)
}

func (w *taskWatcher) all() []*queueServers {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.served)
}

// stop stops all servers for good, and waits until they have ended.
func (w *taskWatcher) stop() {
	var wg sync.WaitGroup
	for _, s := range w.all() {
		wg.Go(s.stop)
	}
	wg.Wait()
}

// run watches until ctx ends.
func (w *taskWatcher) run(ctx context.Context) {
	for {
		wait, err := w.check(ctx)
		if err != nil && ctx.Err() == nil {
			wait = statesEvery
			w.log.WithLevel(w.outage.level(ctx, zerolog.WarnLevel)).Err(err).Msg("queues could not be checked for tasks; will be retried")
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// check reads the states of all queues if that is due, or if a sleeping queue has new tasks. It returns when to check again.
func (w *taskWatcher) check(ctx context.Context) (again time.Duration, err error) {
	served := w.all()
	again = w.every
	if w.clustered {
		again = max(again, time.Duration(len(queuesOf(served)))*watchEveryQueue)
	} else if w.known == len(served) && time.Since(w.checked) < statesEvery {
		if len(w.quiet) == 0 {
			return again, nil
		}
		if n, err := w.rdb.Exists(ctx, w.quiet...).Result(); err != nil || n == 0 {
			return again, err
		}
	}
	return again, w.checkStates(ctx, served)
}

func queuesOf(served []*queueServers) (names []string) {
	for _, s := range served {
		names = append(names, s.queues...)
	}
	return names
}

// checkStates wakes servers and lets them sleep according to the states of all queues. Those of queues whose states cannot be
// read stay as they are.
func (w *taskWatcher) checkStates(ctx context.Context, served []*queueServers) error {
	// Counted before the states are read, so that a task that is taken meanwhile keeps its servers awake.
	taken := make([]int64, len(served))
	for i, s := range served {
		taken[i], _ = s.awake()
	}
	// Servers make delayed tasks pending only after delayedCheckInterval, so they are woken so much before one is due.
	states, err := queue.States(ctx, w.rdb, queuesOf(served), time.Now().Add(delayedCheckInterval))
	w.checked, w.known, w.quiet = time.Now(), len(served), nil
	for i, s := range served {
		if slices.ContainsFunc(s.queues, func(name string) bool { _, known := states[name]; return !known }) {
			continue
		}
		due := slices.ContainsFunc(s.queues, func(name string) bool { return states[name].Due })
		if failed := s.follow(due, taken[i]); failed != nil {
			return failed
		}
		if _, awake := s.awake(); awake {
			continue
		}
		for _, name := range s.queues {
			if !states[name].Pending { // a paused queue may have pending tasks
				w.quiet = append(w.quiet, queue.PendingKey(name))
			}
		}
	}
	return err
}
