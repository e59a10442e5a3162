package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/internal/lane"
	"havip/internal/redisconn"
	"havip/internal/spool"
	"havip/tasks"
)

// The terms of a worker.
const (
	// DefaultConcurrency is how many items of a lane are in flight at once.
	DefaultConcurrency = 20
	// minRequestTimeout leaves a request time to be answered at all; maxRequestTimeout leaves an attempt
	// time to wait for its lane and to record its outcome before asynq takes its task away.
	minRequestTimeout = time.Second
	maxRequestTimeout = 5 * time.Minute
	// minGrace and defaultGrace are how much longer than a request a stopping worker waits for attempts in
	// flight, so that no call is cut off.
	minGrace     = 5 * time.Second
	defaultGrace = 15 * time.Second

	// taskCheckInterval and delayedCheckInterval are how often an idle server that is awake looks for tasks: a new task waits
	// some 20 ms. See [taskWatcher].
	taskCheckInterval    = 50 * time.Millisecond
	delayedCheckInterval = time.Second
	// noDelayedCheck is the interval of the lane's other servers.
	noDelayedCheck = 24 * time.Hour

	// perServer is how many tasks of a lane are in flight for each of its asynq servers, and maxServers how many it has.
	perServer, maxServers = 8, 16

	// overlap is the share of a lane's requests in flight for which it has another task: while BCE answers some, the outcomes of others
	// are recorded, and the next are begun.
	overlap = 4
)

// LaneConfig is one lane that the worker serves.
type LaneConfig struct {
	Lane tasks.Lane
	API  tasks.API
	// Cloud is the endpoint and key of API; see [CloudOf]. A worker is refused if its lane was used with another.
	// The zero Cloud is not checked.
	Cloud lane.Cloud
	// Keys guards API's credentials; nil for credentials that cannot become another account's.
	Keys *KeyGuard
	// Role is true if the credentials are a role's: its access key changes, and Cloud.Key is of the role's account.
	Role bool
	// Simulated is true if Cloud is a simulator. It is for the log.
	Simulated bool
	// RPS is the lane's budget in requests a second over all workers; 0 means no limit. A rate that an operator
	// sets for the lane (`enqueue limit set`) takes precedence.
	RPS float64
	// Concurrency is how many requests of the lane are in flight at once; 0 means [Config.Concurrency].
	Concurrency int
}

// Config configures a worker. Redis and at least one lane are required.
type Config struct {
	// Redis is shared by the ledger, the lanes and asynq; it must repair asynq's acks.
	Redis redis.Cmdable
	// together is Redis with coalesced calls, for the handlers of all tasks.
	together redis.Cmdable
	Lanes    []LaneConfig
	// Name is unique to the process, for display and for the ledger.
	Name string
	// Concurrency is of a lane without its own; 0 means DefaultConcurrency.
	Concurrency int
	// RequestTimeout bounds one API call; 0 means [tasks.DefaultRequestTimeout].
	RequestTimeout time.Duration
	// Grace is how long a stopping worker waits for attempts in flight; 0 means [DefaultGrace]. It is at
	// least [MinGrace].
	Grace time.Duration
	// TokenMaxAge is 0 for [tasks.TokenMaxAge], MaxDelay for [tasks.RetryDelayCap].
	TokenMaxAge, MaxDelay time.Duration
	// ConfirmWithin is 0 for [tasks.DefaultConfirmWithin].
	ConfirmWithin time.Duration
	// AllowOtherAccount allows lanes another endpoint or account than before.
	AllowOtherAccount bool
	// CheckKeys makes the worker list each lane once when it starts, to check whether BCE accepts its access key. The
	// worker starts in either case.
	CheckKeys bool
	// Waits, if not nil, is called with the duration before the worker waits at a lane's first use.
	Waits func(l tasks.Lane, wait time.Duration)
	// Spool keeps outcomes while Redis is unavailable, beyond the end of the process; nil keeps them in memory.
	Spool *spool.Spool
	// Webhook says where completion notifications may be sent; zero for none.
	Webhook Webhook
	// Wrap, if not nil, wraps the handler of each lane's tasks.
	Wrap func(tasks.Lane, asynq.Handler) asynq.Handler
	// Observer may be nil.
	Observer Observer
	Logger   zerolog.Logger

	// started is when the worker started.
	started time.Time
	// outage is updated by the heartbeats.
	outage *outage
	// taskCheck is how often an idle server looks for tasks; 0 means taskCheckInterval.
	taskCheck time.Duration
}

func (c Config) withDefaults() Config {
	if c.Concurrency == 0 {
		c.Concurrency = DefaultConcurrency
	}
	c.Lanes = slices.Clone(c.Lanes)
	for i := range c.Lanes {
		c.Lanes[i].Concurrency = cmp.Or(c.Lanes[i].Concurrency, c.Concurrency)
	}
	if c.RequestTimeout == 0 {
		c.RequestTimeout = tasks.DefaultRequestTimeout
	}
	if c.Grace == 0 {
		c.Grace = DefaultGrace(c.RequestTimeout)
	}
	if c.Observer == nil {
		c.Observer = noObserver{}
	}
	if c.taskCheck == 0 {
		c.taskCheck = taskCheckInterval
	}
	if c.together == nil {
		c.together = c.Redis
	}
	if c.outage == nil {
		c.outage = &outage{log: c.Logger}
	}
	return c
}

// DefaultGrace returns a grace that is longer than an attempt with a request of up to timeout.
func DefaultGrace(timeout time.Duration) time.Duration { return timeout + defaultGrace }

// MinGrace returns the minimum grace that does not cut off a call of up to timeout.
func MinGrace(timeout time.Duration) time.Duration { return timeout + minGrace }

// CheckTerms validates the settings that users give, before anything starts.
func CheckTerms(concurrency int, rps float64, requestTimeout time.Duration) error {
	switch {
	case requestTimeout < minRequestTimeout || requestTimeout > maxRequestTimeout:
		return fmt.Errorf("--request-timeout %s: must be from %s to %s", requestTimeout, minRequestTimeout, maxRequestTimeout)
	case concurrency < 1:
		return fmt.Errorf("--concurrency %d: must be at least 1", concurrency)
	case !(rps >= 0) || math.IsInf(rps, 1): // also refuses NaN
		return fmt.Errorf("--rps %g: must be a number of at least 0; 0 means no limit", rps)
	}
	return nil
}

func (c Config) validate() error {
	for _, l := range c.Lanes {
		if err := CheckTerms(l.Concurrency, l.RPS, c.RequestTimeout); err != nil {
			return fmt.Errorf("worker: lane %s: %w", l.Lane, err)
		}
	}
	switch {
	case c.Redis == nil:
		return errors.New("worker: no redis client")
	case len(c.Lanes) == 0:
		return errors.New("worker: no lane to serve")
	case c.Grace < MinGrace(c.RequestTimeout):
		return fmt.Errorf("worker: grace %s: must be at least %s, so that no request is cut off", c.Grace, MinGrace(c.RequestTimeout))
	}
	return nil
}

// Worker is a running worker.
type Worker struct {
	parts *Parts
	watch *Watch
	// tasks runs the asynq servers of the lanes and of notifications.
	tasks *taskWatcher
	// notifier is nil if the worker delivers no notifications.
	notifier *notifier
	stop     sync.Once
	// cancel ends the background goroutines; background waits for them.
	cancel     context.CancelFunc
	background sync.WaitGroup
}

// Start starts serving the lanes and returns at once. The caller stops the worker.
func Start(c Config) (*Worker, error) {
	c.started = time.Now()
	if c.Redis != nil && c.together == nil {
		c.together = redisconn.Coalesce(redisconn.Full(c.Redis))
	}
	parts, err := Assemble(c)
	if err != nil {
		return nil, err
	}
	c = parts.config
	parts.Membership.Describe(c.info(context.Background()))
	watch, err := StartWatch(parts.Membership, parts.Rescuer, c.outage, c.Observer)
	if err != nil {
		return nil, fmt.Errorf("register the worker: %w", err)
	}
	ctx, end := context.WithCancel(context.Background())
	w := &Worker{parts: parts, watch: watch, tasks: newTaskWatcher(c), cancel: end}
	parts.OutcomeBuffer.Flush(ctx) // before an attempt begins whose outcome it has
	w.background.Go(func() { w.tasks.run(ctx) })
	for _, l := range parts.Lanes {
		if err := w.serve(ctx, l); err != nil {
			w.Stop()
			return nil, err
		}
	}
	if w.notifier = newNotifier(c); w.notifier != nil {
		w.tasks.add(w.notifier.servers)
	}
	w.background.Go(func() { parts.Reconciler.run(ctx) })
	w.background.Go(func() { newUnconfirmedWatch(c, parts.Lanes).run(ctx) })
	w.background.Go(func() { parts.OutcomeBuffer.run(ctx) })
	w.background.Go(func() { w.followKeys(ctx) })
	return w, nil
}

// serve starts one lane.
func (w *Worker) serve(ctx context.Context, l *Lane) error {
	if err := l.Open(ctx); err != nil {
		return err
	}
	w.tasks.add(serversOf(w.parts.config, l))
	w.background.Go(func() { l.Confirmer.run(ctx) })
	w.background.Go(l.announce(ctx, len(w.parts.Lanes)))
	if w.parts.config.CheckKeys {
		w.background.Go(func() { l.checkKey(ctx) })
	}
	l.log.Info().Str("endpoint", l.config.Cloud.Endpoint).Str("key", l.config.Cloud.Key).Str("queue", l.config.Lane.Queue()).
		Int("concurrency", l.config.Concurrency).Float64("rps", l.config.RPS).Msg(l.config.servingText())
	return nil
}

// servingText returns the log message, which names a simulator in capitals.
func (l LaneConfig) servingText() string {
	if l.Simulated {
		return "serving lane of a SIMULATOR, not of BCE"
	}
	return "serving lane"
}

// serversOf returns the servers of one lane, asleep. An asynq server takes one task per round trip, so many in flight need
// several. Only the first makes delayed tasks due.
func serversOf(c Config, l *Lane) *queueServers {
	handler := asynq.Handler(l.Handler)
	if c.Wrap != nil {
		handler = c.Wrap(l.config.Lane, handler)
	}
	return &queueServers{
		queues: slices.Sorted(maps.Keys(l.config.Lane.Queues())), handler: handler,
		create: func() (*redisconn.QueueClient, []*asynq.Server) {
			rdb := redisconn.NewQueueClient(redisconn.Full(c.together), c.taskCheck*3/4)
			rdb.Crowded, rdb.Repaired = l.gate.Crowded, func() { c.Observer.Repaired(RepairAck, 1) }
			var servers []*asynq.Server
			delayedCheck := delayedCheckInterval
			for _, share := range shares(l.config.Concurrency + l.config.Concurrency/overlap) {
				servers = append(servers, newServer(c, l.config, rdb, share, delayedCheck))
				delayedCheck = noDelayedCheck
			}
			return rdb, servers
		},
	}
}

// shares returns how many of a lane's tasks each of its servers has in flight.
func shares(concurrency int) []int {
	shares := make([]int, min((concurrency+perServer-1)/perServer, maxServers))
	for i := range shares {
		shares[i] = (concurrency + i) / len(shares)
	}
	return shares
}

func newServer(c Config, l LaneConfig, rdb redis.UniversalClient, concurrency int, delayedCheck time.Duration) *asynq.Server {
	return asynq.NewServerFromRedisClient(rdb, asynq.Config{
		Concurrency:              concurrency,
		Queues:                   l.Lane.Queues(),
		TaskCheckInterval:        c.taskCheck,
		DelayedTaskCheckInterval: delayedCheck,
		RetryDelayFunc:           tasks.RetryDelayFunc,
		IsFailure:                tasks.IsFailure,
		ShutdownTimeout:          c.Grace,
		Logger:                   asynqLogger{c.Logger.With().Str("component", "asynq").Logger(), c.outage},
		LogLevel:                 asynq.WarnLevel,
	})
}

// Pending returns how many outcomes wait to be recorded, and when the oldest of their requests was sent.
func (w *Worker) Pending() (n int, oldest time.Time) { return w.parts.OutcomeBuffer.pendingSince() }

// ClockOffsets returns, for each lane, how far BCE's clock is ahead of this machine's.
func (w *Worker) ClockOffsets() map[tasks.Lane]time.Duration {
	offsets := map[tasks.Lane]time.Duration{}
	for _, l := range w.parts.Lanes {
		offsets[l.config.Lane] = l.config.API.ClockOffset()
	}
	return offsets
}

// Stop drains the worker and returns when every attempt in flight has ended, or the grace is
// over. It may be called more than once.
func (w *Worker) Stop() {
	w.stop.Do(func() {
		w.cancel()
		for _, l := range w.parts.Lanes {
			l.Handler.Drain()
		}
		w.tasks.stop()
		w.background.Wait()
		w.notifier.close()
		w.parts.OutcomeBuffer.Close(context.Background())
		w.watch.Stop()
	})
}
