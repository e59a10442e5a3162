// Package session opens the Redis that a command works in, and makes what commands use in it: the ledger,
// a producer, and what changes many items of a batch.
package session

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"havip/internal/bulk"
	"havip/internal/cli"
	"havip/internal/redisconn"
	"havip/ledger"
	"havip/tasks"
)

// Session is an open Redis with what commands do in it.
type Session struct {
	// Redis is for reads and scripts; what needs more of the client gets it by [redisconn.Full].
	Redis  redis.Cmdable
	Ledger *ledger.Ledger
	// By is who acts, for the events.
	By string
	// URL is the Redis's; "" for one that this process brought along.
	URL string
	// Waiting is called with each new reason to wait for Redis, and with nil once it answers again; it may be nil.
	Waiting func(error)
	// StateDir is the directory of a store of `enqueue run`; "" for any other Redis.
	StateDir string
	// unattended is whether no program works on that store.
	unattended bool
	close      func()
}

// New returns a session in an open Redis; Close calls closeRedis.
func New(rdb redis.Cmdable, closeRedis func()) *Session {
	return &Session{Redis: rdb, Ledger: ledger.New(rdb), By: Author(), close: closeRedis}
}

// Explain is [redisconn.ExplainOf] for the session's Redis.
func (s *Session) Explain(err error) error { return redisconn.ExplainOf(s.Redis, err) }

// Close closes the connections.
func (s *Session) Close() { s.close() }

// Batch reads a batch. One that does not exist is a usage error.
func (s *Session) Batch(ctx context.Context, name string) (ledger.Batch, error) {
	b, err := s.Ledger.Batch(ctx, name)
	return b, NotFound(err)
}

// NotFound gives the error for a batch that does not exist its exit code and remedy.
func NotFound(err error) error {
	var missing *ledger.BatchNotFoundError
	if errors.As(err, &missing) && missing.Archive != nil {
		return cli.Fail(cli.ExitUsage, err)
	}
	if errors.As(err, &missing) {
		return cli.Failf(cli.ExitUsage, "%w; `enqueue list` shows the batches", err)
	}
	return err
}

// Producer returns a producer whose concurrent enqueues share pipelines, and what releases it.
func (s *Session) Producer() (p *tasks.Producer, release func(), err error) {
	return tasks.PipelinedProducer(s.Ledger, s.Redis)
}

// Executor returns what changes many items of a batch, likewise.
func (s *Session) Executor(batch, reason string) (on *bulk.Executor, release func(), err error) {
	dispatcher, release, err := tasks.PipelinedDispatcher(s.Redis)
	if err != nil {
		return nil, nil, err
	}
	return &bulk.Executor{
		Redis: s.Redis, Ledger: s.Ledger, Tasks: dispatcher, Batch: batch, By: s.By, Reason: ReasonText(reason),
	}, release, nil
}
