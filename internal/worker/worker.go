package worker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/internal/lane"
	"havip/internal/spool"
	"havip/ledger"
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

	// taskCheckInterval and delayedCheckInterval are how often an idle server looks for tasks:
	// an idle lane costs Redis about 40 commands a second, and a new task waits some 50 ms.
	taskCheckInterval    = 100 * time.Millisecond
	delayedCheckInterval = time.Second

	// listsPerSecond is the lane's budget of listings over the fleet.
	listsPerSecond = 1
)

// LaneConfig is one lane that the worker serves.
type LaneConfig struct {
	Lane tasks.Lane
	API  tasks.API
	// Cloud is what API asks; see [CloudOf]. A worker whose lane was used with another is refused. The zero one
	// is not looked at.
	Cloud lane.Cloud
	// RPS is the lane's budget in requests a second over the whole fleet; 0 means no limit. What a
	// person sets for the lane (`enqueue limit set`) goes before it.
	RPS float64
}

// Config is what a worker is made of. Redis and at least one lane are required.
type Config struct {
	// Redis is shared by the ledger, the lanes and asynq; it must have asynq's acks healed.
	Redis redis.UniversalClient
	Lanes []LaneConfig
	// Name is unique to the process, for people and for the ledger.
	Name string
	// Concurrency is per lane; 0 means DefaultConcurrency.
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
	// AllowOtherAccount has lanes stand for another endpoint or account than until now.
	AllowOtherAccount bool
	// Spool keeps outcomes while Redis is away, beyond the end of the process; nil keeps them in memory.
	Spool *spool.Spool
	// Webhook is who may be told of completed batches; zero for nobody.
	Webhook Webhook
	Logger  zerolog.Logger

	// taskCheck is how often an idle server looks for tasks; 0 means taskCheckInterval.
	taskCheck time.Duration
}

func (c Config) withDefaults() Config {
	if c.Concurrency == 0 {
		c.Concurrency = DefaultConcurrency
	}
	if c.RequestTimeout == 0 {
		c.RequestTimeout = tasks.DefaultRequestTimeout
	}
	if c.Grace == 0 {
		c.Grace = DefaultGrace(c.RequestTimeout)
	}
	if c.taskCheck == 0 {
		c.taskCheck = taskCheckInterval
	}
	return c
}

// DefaultGrace is longer than an attempt can last whose request takes up to timeout.
func DefaultGrace(timeout time.Duration) time.Duration { return timeout + defaultGrace }

// MinGrace keeps a call of up to timeout from being cut off by the end of its worker.
func MinGrace(timeout time.Duration) time.Duration { return timeout + minGrace }

// CheckTerms says what is wrong with the terms that users give, before anything is begun.
func CheckTerms(concurrency int, rps float64, requestTimeout time.Duration) error {
	switch {
	case requestTimeout < minRequestTimeout || requestTimeout > maxRequestTimeout:
		return fmt.Errorf("request timeout %s: must be from %s to %s", requestTimeout, minRequestTimeout, maxRequestTimeout)
	case concurrency < 1:
		return fmt.Errorf("concurrency %d: must be at least 1", concurrency)
	case !(rps >= 0) || math.IsInf(rps, 1): // NaN is not at least 0 either
		return fmt.Errorf("rps %g: must be a number of at least 0; 0 means no limit", rps)
	}
	return nil
}

func (c Config) validate() error {
	for _, l := range c.Lanes {
		if err := CheckTerms(c.Concurrency, l.RPS, c.RequestTimeout); err != nil {
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
	lanes  []runningLane
	watch  *Watch
	keeper *Keeper
	// courier is nil when the worker delivers no notices.
	courier *courier
	stop    sync.Once
	// end ends what runs beside the lanes, and beside waits for it.
	end    context.CancelFunc
	beside sync.WaitGroup
}

type runningLane struct {
	handler *tasks.Handler
	server  *asynq.Server
}

// Start starts serving the lanes and returns at once. The caller stops the worker.
func Start(c Config) (*Worker, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	records := ledger.New(c.Redis)
	presence := NewPresence(records, c.Name, c.Logger)
	watch, err := StartWatch(presence, NewRescuer(RescuerConfig{
		Ledger: records, Queue: asynq.NewClientFromRedisClient(c.Redis), Redis: c.Redis,
		Logger: c.Logger.With().Str("component", "rescuer").Logger(),
	}), c.Logger)
	if err != nil {
		return nil, fmt.Errorf("enter the fleet: %w", err)
	}
	keeper, err := NewKeeper(tasks.Recorder{Ledger: records, Logger: c.Logger}, c.Spool, c.Logger.With().Str("component", "keeper").Logger())
	if err != nil {
		watch.Stop()
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	keeper.Flush(ctx) // before anything is begun that it knows the outcome of
	w := &Worker{watch: watch, keeper: keeper, end: end}
	for _, l := range c.Lanes {
		if err := w.serve(ctx, c, l, presence); err != nil {
			w.Stop()
			return nil, err
		}
	}
	if w.courier, err = startCourier(c); err != nil {
		w.Stop()
		return nil, err
	}
	w.beside.Go(func() { newReconciler(c).run(ctx) })
	w.beside.Go(func() { keeper.run(ctx) })
	return w, nil
}

// serve starts one lane. What it was held back for is tried at once: whoever mended the fault and
// started a worker need not wait.
func (w *Worker) serve(ctx context.Context, c Config, l LaneConfig, presence *Presence) error {
	breaker := lane.NewBreaker(c.Redis, l.Lane.String())
	if err := breaker.ProbeNow(ctx); err != nil {
		return fmt.Errorf("lane %s: %w", l.Lane, err)
	}
	budget := lane.NewBudget(c.Redis, l.Lane.String(), l.RPS, lane.DefaultBurst)
	log := c.Logger.With().Str("lane", l.Lane.String()).Logger()
	running := runningLane{
		handler: tasks.NewHandler(tasks.HandlerConfig{
			Lane: l.Lane, API: l.API, Ledger: ledger.New(c.Redis), Presence: presence, Keeper: w.keeper, Logger: log,
			Gate: laneGate{lane.NewGate(breaker, budget), log},
			// Listings are rationed whatever the rate of creates: Baidu's own driver lists once a second.
			ListRate: lane.NewLimiter(c.Redis, l.Lane.String()+"/list", listsPerSecond, 1),
			// What was created is read, where a listing would cost more.
			ReadRate:    lane.NewReadBudget(c.Redis, l.Lane.String(), l.RPS, lane.DefaultBurst),
			TokenMaxAge: c.TokenMaxAge, ConfirmWithin: c.ConfirmWithin, MaxDelay: c.MaxDelay, RequestTimeout: c.RequestTimeout,
		}),
		server: serverOf(c, l),
	}
	if err := (pin{c.Redis, running.handler, l, c.AllowOtherAccount, log}).check(ctx); err != nil {
		return err
	}
	if err := running.server.Start(running.handler); err != nil {
		return err
	}
	w.lanes = append(w.lanes, running)
	confirmer := &confirmer{
		rdb: c.Redis, ledger: ledger.New(c.Redis), handler: running.handler, lane: l.Lane, name: c.Name,
		log: log.With().Str("component", "confirmer").Logger(),
	}
	w.beside.Go(func() { confirmer.run(ctx) })
	w.beside.Go(lane.Announce(ctx, c.Redis, l.Lane.String(), c.Name, l.RPS, func(err error) {
		log.Debug().Err(err).Msg("rate not announced")
	}))
	log.Info().Str("queue", l.Lane.Queue()).Int("concurrency", c.Concurrency).Float64("rps", l.RPS).Msg("serving lane")
	return nil
}

func serverOf(c Config, l LaneConfig) *asynq.Server {
	return asynq.NewServerFromRedisClient(c.Redis, asynq.Config{
		Concurrency:              c.Concurrency,
		Queues:                   map[string]int{l.Lane.Queue(): 1},
		TaskCheckInterval:        c.taskCheck,
		DelayedTaskCheckInterval: delayedCheckInterval,
		RetryDelayFunc:           tasks.RetryDelayFunc,
		IsFailure:                tasks.IsFailure,
		ShutdownTimeout:          c.Grace,
		Logger:                   asynqLogger{c.Logger.With().Str("component", "asynq").Logger()},
		LogLevel:                 asynq.WarnLevel,
	})
}

// Stop drains the worker and returns when every attempt in flight has ended, or the grace is
// over. It may be called more than once.
func (w *Worker) Stop() {
	w.stop.Do(func() {
		w.end()
		for _, l := range w.lanes {
			l.handler.Drain()
		}
		var wg sync.WaitGroup
		for _, l := range w.lanes {
			wg.Go(l.server.Shutdown)
		}
		wg.Go(w.courier.stop)
		wg.Wait()
		w.beside.Wait()
		w.keeper.Leave(context.Background())
		w.watch.Stop()
	})
}
