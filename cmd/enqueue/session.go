package main

import (
	"context"
	"errors"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/internal/bulk"
	"havip/internal/cli"
	"havip/ledger"
	"havip/tasks"
)

// session is an open Redis with what commands do in it.
type session struct {
	rdb    redis.UniversalClient
	ledger *ledger.Ledger
	// url is the Redis's; "" for one that was brought along.
	url   string
	close func()
}

// open connects to the Redis that the flags name.
func (a *app) open(ctx context.Context) (*session, error) {
	rdb, err := cli.OpenRedis(ctx, a.redis)
	if err != nil {
		return nil, err
	}
	return &session{rdb: rdb, ledger: ledger.New(rdb), url: a.redis, close: func() { cli.CloseSoon(rdb) }}, nil
}

// openDurable is open for commands that write: a Redis that may forget is refused before
// anything is entrusted to it.
func (a *app) openDurable(ctx context.Context, allowVolatile bool) (*session, error) {
	s, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := cli.RequireDurable(ctx, s.rdb, allowVolatile, a.talk()); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// producer returns a producer whose many enqueues at once travel together, and what releases it.
func (s *session) producer() (p *tasks.Producer, release func(), err error) {
	pipe, release, err := tasks.Pipeline(s.rdb)
	if err != nil {
		return nil, nil, err
	}
	return tasks.NewProducer(s.ledger, asynq.NewClientFromRedisClient(pipe)), release, nil
}

// executor returns what changes many items of a batch, likewise.
func (s *session) executor(batch, reason string) (on *bulk.Executor, release func(), err error) {
	pipe, release, err := tasks.Pipeline(s.rdb)
	if err != nil {
		return nil, nil, err
	}
	dispatcher := tasks.NewDispatcher(asynq.NewClientFromRedisClient(pipe), asynq.NewInspectorFromRedisClient(pipe))
	return &bulk.Executor{
		Redis: s.rdb, Ledger: s.ledger, Tasks: dispatcher, Batch: batch, By: author(), Reason: reasonText(reason),
	}, release, nil
}

// notFound gives a batch that does not exist its exit code and remedy.
func notFound(err error) error {
	var missing *ledger.BatchNotFoundError
	if errors.As(err, &missing) {
		return cli.Failf(cli.ExitUsage, "%w; `enqueue list` shows what there is", err)
	}
	return err
}
