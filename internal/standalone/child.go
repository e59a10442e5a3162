//go:build unix

package standalone

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"havip/internal/private"
	"havip/internal/redisconn"
	"havip/internal/standalone/redisserver"
)

// closeTimeout is how long a server may take to flush and exit before it is killed.
const closeTimeout = 10 * time.Second

// Child starts a redis-server over a state directory, which it creates with mode 0700 if missing, and returns when
// existing data is loaded. The server listens only on a Unix socket in a private directory. It never evicts, and
// every acknowledged write is on disk.
//
// It ends with [Store.Close], and on Linux also when this process dies. A directory in use by another store is a
// [*LockedError]; without an installed redis-server, the error is [redisserver.ErrNotInstalled]. ctx limits only the
// start.
func Child(ctx context.Context, dir string, options ...redisconn.Option) (*Store, error) {
	fail := func(err error) (*Store, error) {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	if err := private.Dir(dir); err != nil {
		return fail(err)
	}
	lock, err := acquire(ctx, filepath.Join(dir, lockName), lockPatience)
	if err != nil {
		return fail(err)
	}
	store, err := startChild(ctx, dir, lock, options)
	if err != nil {
		return fail(errors.Join(err, lock.release()))
	}
	return store, nil
}

// Unavailable reports whether a store could not be opened because another process uses it, or because its redis-server does not
// start or answer.
func Unavailable(err error) bool {
	var locked *LockedError
	var ended *redisserver.ExitError
	var unusable *redisconn.ConnError
	return errors.As(err, &locked) || errors.As(err, &ended) || errors.As(err, &unusable)
}

// startChild runs a server under an acquired lock. If it fails, it cleans up all but the lock.
func startChild(ctx context.Context, dir string, lock *lock, options []redisconn.Option) (*Store, error) {
	socket, err := newSocket()
	if err != nil {
		return nil, err
	}
	lock.owner.socket = string(socket)
	if err := lock.write(); err != nil {
		return nil, errors.Join(err, socket.remove())
	}
	process, err := redisserver.Start(ctx, redisserver.Config{
		Dir: dir, Lines: durableLines(socket), Inherit: []*os.File{lock.file},
	})
	if err != nil {
		return nil, errors.Join(err, socket.remove())
	}
	lock.owner.server = process.PID()
	store, err := connectChild(ctx, process, socket, lock, options)
	if err != nil {
		process.Kill()
		return nil, errors.Join(err, socket.remove())
	}
	return store, nil
}

func connectChild(ctx context.Context, process *redisserver.Process, socket socket, lock *lock, options []redisconn.Option) (*Store, error) {
	if err := lock.write(); err != nil {
		return nil, err
	}
	client, err := redisconn.OpenReady(ctx, socket.url(), redisconn.Patience{}, nil, options...)
	if err != nil {
		return nil, err
	}
	findings, err := redisconn.Check(ctx, client)
	if err = errors.Join(err, redisconn.Refused(findings)); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	var closed atomic.Bool
	return &Store{
		client: client, url: socket.url(), durable: true,
		ended: process.Done(),
		cause: func() error {
			if closed.Load() {
				return nil
			}
			return process.Err()
		},
		release: func() error {
			closed.Store(process.Err() == nil)
			err := client.Close()
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
			defer cancel()
			process.Stop(ctx)
			return errors.Join(err, socket.remove(), lock.release())
		},
	}, nil
}

// durableLines returns the server's configuration. The working directory is the state directory, so the socket's is
// the only path.
func durableLines(socket socket) []string {
	return []string{
		"port 0",
		"unixsocket " + redisserver.Quote(string(socket)),
		"unixsocketperm 700",
		"appendonly yes",
		"appendfsync always",
		// The append-only file has all data; a snapshot would only cost disk and time.
		`save ""`,
		"maxmemory-policy noeviction",
		// A record that a crash truncated was never acknowledged.
		"aof-load-truncated yes",
		"databases 1",
		"tcp-keepalive 0",
	}
}
