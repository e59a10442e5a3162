package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"havip/internal/cli"
	"havip/internal/redisconn"
	"havip/internal/worker"
)

// orSignal returns err, or the interrupt if a signal ended the start.
func orSignal(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

// openRedis opens a Redis that meets the requirements, and waits while it fails for a temporary reason.
func openRedis(ctx context.Context, s settings, lanes []worker.LaneConfig, until redisconn.Option, log zerolog.Logger) (redisconn.Client, error) {
	inFlight := 0
	for _, l := range lanes {
		inFlight += l.Concurrency
	}
	var ready atomic.Bool // afterwards, failing heartbeats report outages
	waiting := func(err error) {
		if !ready.Load() {
			s.logWaiting(log, err)
		}
	}
	rdb, err := cli.AwaitRedis(ctx, s.redis, s.patience(), until, redisconn.PoolSize(inFlight+10), redisconn.Told(waiting))
	if err != nil {
		return nil, cli.BlameRedis(s.flags, err)
	}
	err = cli.Durability{
		AllowVolatile: s.allowVolatile, AllowUnverified: s.allowUnverified, Patience: s.patience(), Waiting: waiting,
		Warn: func(warning string) { log.Warn().Msg(warning) },
	}.Require(ctx, rdb)
	if err != nil {
		cli.CloseSoon(rdb)
		return nil, err
	}
	ready.Store(true)
	return rdb, nil
}

// delayDrain keeps the worker at work for a while after it has become unready, so that what asks for its readiness sees that first.
func (s settings) delayDrain(log zerolog.Logger) {
	if s.drainDelay > 0 {
		log.Info().Dur("delay", s.drainDelay).Msg("not ready from now on; the drain begins after --drain-delay")
		<-time.After(s.drainDelay)
	}
}

func (s settings) patience() redisconn.Patience {
	return redisconn.Patience{Down: s.redisWait, Passing: s.redisWait}
}

// logWaiting logs a reason to wait for Redis at the start, or with nil that it answers.
func (s settings) logWaiting(log zerolog.Logger, err error) {
	if err == nil {
		log.Info().Msg("redis answers")
		return
	}
	log.Warn().Err(err).Dur("at_most", s.redisWait).Msg("waiting for redis")
}

// start starts the worker. It waits if Redis becomes unavailable; any other error is one of configuration.
func start(ctx context.Context, s settings, config worker.Config) (*worker.Worker, error) {
	var w *worker.Worker
	waiting := func(err error) { s.logWaiting(config.Logger, err) }
	err := redisconn.Await(ctx, s.patience(), waiting, func(ctx context.Context) error {
		err := worker.Check(ctx, config) // may take long; a signal ends it
		if err == nil {
			w, err = worker.Start(config)
		}
		return redisconn.Explain(s.redis, err)
	})
	var ofRedis *redisconn.ConnError
	if errors.As(err, &ofRedis) {
		return nil, cli.Fail(cli.ExitNetwork, err)
	}
	return w, cli.Fail(cli.ExitConfig, err)
}
