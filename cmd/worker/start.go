package main

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/rs/zerolog"

	"havip/internal/cli"
	"havip/internal/redisconn"
	"havip/internal/worker"
)

// orSignal is err, unless it is a signal that ended the start.
func orSignal(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

// openRedis opens a Redis that is fit for the work, and waits for what passes by itself.
func openRedis(ctx context.Context, s settings, lanes int, log zerolog.Logger) (redisconn.Client, error) {
	var ready atomic.Bool // from then on the heartbeats tell
	waiting := func(err error) {
		if !ready.Load() {
			log.Warn().Err(err).Dur("at_most", s.redisWait).Msg("waiting for redis")
		}
	}
	rdb, err := cli.AwaitRedis(ctx, s.redis, s.patience(), redisconn.PoolSize(lanes*s.concurrency+10), redisconn.Told(waiting))
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

func (s settings) patience() redisconn.Patience {
	return redisconn.Patience{Down: s.redisWait, Passing: s.redisWait}
}

// start starts the worker. A Redis that goes away meanwhile is waited for; what else fails is the configuration's.
func start(ctx context.Context, s settings, config worker.Config) (*worker.Worker, error) {
	var w *worker.Worker
	waiting := func(err error) { config.Logger.Warn().Err(err).Dur("at_most", s.redisWait).Msg("waiting for redis") }
	err := redisconn.Await(ctx, s.patience(), waiting, func(ctx context.Context) error {
		err := worker.Check(ctx, config) // it may take its time, which a signal ends
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
