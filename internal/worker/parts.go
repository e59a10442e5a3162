package worker

import (
	"context"
	"fmt"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"havip/bce"
	"havip/internal/lane"
	"havip/internal/redisconn"
	"havip/ledger"
	"havip/tasks"
)

// Parts are the components of a worker, before any of them runs.
type Parts struct {
	Membership    *Membership
	Rescuer       *Rescuer
	OutcomeBuffer *OutcomeBuffer
	Reconciler    *Reconciler
	Lanes         []*Lane
	config        Config
}

// Lane is what a worker runs for one lane.
type Lane struct {
	Handler   *tasks.Handler
	Confirmer *Confirmer
	config    LaneConfig
	breaker   *lane.Breaker
	gate      *lane.Gate
	readRate  tasks.Rate
	pin       pin
	// credentials are those that [Lane.followKey] saw last.
	credentials bce.Credentials
	log         zerolog.Logger
}

// Assemble builds the components of a worker and starts none. It reads the spool and does no other I/O.
func Assemble(c Config) (*Parts, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	records := ledger.New(c.together)
	outcomes, err := NewOutcomeBuffer(tasks.Recorder{Ledger: records, Logger: c.Logger}, c.Spool, c.Logger.With().Str("component", "keeper").Logger())
	if err != nil {
		return nil, err
	}
	p := &Parts{
		Membership: NewMembership(workersLedger{ledger.New(c.Redis), records}, c.Name, c.Logger),
		Rescuer: NewRescuer(RescuerConfig{
			Ledger: records, Queue: asynq.NewClientFromRedisClient(redisconn.Full(c.Redis)), Redis: c.Redis,
			Logger: c.Logger.With().Str("component", "rescuer").Logger(), Observer: c.Observer,
		}),
		OutcomeBuffer: outcomes, Reconciler: newReconciler(c), config: c,
	}
	for _, l := range c.Lanes {
		p.Lanes = append(p.Lanes, p.lane(l, records))
	}
	return p, nil
}

// workersLedger is the ledger that a [Membership] uses. Heartbeats do not wait for other calls; claims are coalesced.
type workersLedger struct {
	*ledger.Ledger
	claims *ledger.Ledger
}

// ClaimItem is [ledger.Ledger.ClaimItem].
func (f workersLedger) ClaimItem(ctx context.Context, worker string, h ledger.ClaimedItem) (bool, error) {
	return f.claims.ClaimItem(ctx, worker, h)
}

// UnclaimItem is [ledger.Ledger.UnclaimItem].
func (f workersLedger) UnclaimItem(ctx context.Context, worker string, h ledger.ClaimedItem) error {
	return f.claims.UnclaimItem(ctx, worker, h)
}

func (p *Parts) lane(l LaneConfig, records *ledger.Ledger) *Lane {
	c, name := p.config, l.Lane.String()
	log := c.Logger.With().Str("lane", name).Logger()
	breaker := lane.NewBreaker(c.together, name)
	budget := func(o lane.Operation) *lane.Budget {
		return lane.NewBudget(c.together, name, o, l.RPS, lane.DefaultBurst)
	}
	readRate := lane.NewBudget(c.Redis, name, lane.Reads, l.RPS, lane.DefaultBurst)
	gate := lane.NewGate(breaker, budget(lane.Creates), budget(lane.Deletions))
	handler := tasks.NewHandler(tasks.HandlerConfig{
		Lane: l.Lane, API: l.API, Ledger: records, Membership: p.Membership, OutcomeBuffer: p.OutcomeBuffer, Logger: log, Observe: c.Observer.Attempted,
		Gate:     laneGate{gate, l.Lane, c.Observer, log, make(chan struct{}, l.Concurrency)},
		ListRate: lane.NewListLimiter(c.Redis, name, l.RPS),
		// Few created HaVIPs are read individually, because a listing would cost more.
		ReadRate:    readRate,
		TokenMaxAge: c.TokenMaxAge, ConfirmWithin: c.ConfirmWithin, MaxDelay: c.MaxDelay, RequestTimeout: c.RequestTimeout,
	})
	pinned := pin{c.Redis, handler, l, c.AllowOtherAccount, c.Waits, log}
	l.Keys.guard(l.Cloud.Key, pinned.acceptKey)
	return &Lane{
		Handler: handler,
		Confirmer: &Confirmer{
			found: make(chan int64, 1), rdb: c.Redis, ledger: records, handler: handler, lane: l.Lane, name: c.Name,
			log: log.With().Str("component", "confirmer").Logger(), outage: c.outage,
		},
		config: l, breaker: breaker, gate: gate, readRate: readRate, pin: pinned, log: log,
	}
}

// Open verifies that the lane may be served with its endpoint and account. It makes a suspended lane
// due for a probe at once, so that a restart after a fix does not wait.
func (l *Lane) Open(ctx context.Context) error {
	if err := l.breaker.ProbeNow(ctx); err != nil {
		return fmt.Errorf("lane %s: %w", l.config.Lane, err)
	}
	return l.pin.check(ctx)
}

// announce publishes the rate that the worker was started with, where the lane is one of so many.
func (l *Lane) announce(ctx context.Context, lanes int) (untilEnd func()) {
	return lane.Announce(ctx, l.pin.rdb, l.config.Lane.String(), l.Confirmer.name, l.config.RPS, lanes, func(err error) {
		l.log.Debug().Err(err).Msg("rate not announced")
	})
}
