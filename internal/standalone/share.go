//go:build unix

package standalone

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"havip/internal/private"
	"havip/internal/redisconn"
)

// ErrNoStore reports that a directory has no store.
var ErrNoStore = errors.New("there is no store; `enqueue run FILE` with this directory creates one")

// Share opens the store over a state directory even while another program has it open: it then connects to that
// program's server, which ends with that program. Otherwise it is [Child]. Unless create is set, a directory without a
// store is [ErrNoStore], and nothing is written.
func Share(ctx context.Context, dir string, create bool, options ...redisconn.Option) (*Store, error) {
	store, err := share(ctx, dir, create, options)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	return store, nil
}

func share(ctx context.Context, dir string, create bool, options []redisconn.Option) (*Store, error) {
	path := filepath.Join(dir, lockName)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) && !create {
		return nil, ErrNoStore
	}
	if err := private.Dir(dir); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	tick := time.NewTicker(lockInterval)
	defer tick.Stop()
	for over := false; ; {
		lock, err := acquire(ctx, path, 0)
		var locked *LockedError
		switch {
		case err == nil:
			return startShared(ctx, dir, lock, options)
		case !errors.As(err, &locked):
			return nil, err
		}
		// A command's server will end soon; only a running program's is used.
		if locked.socket != "" && (over || !locked.brief) {
			if store := connectShared(ctx, locked, options); store != nil {
				return store, nil
			}
		}
		if over {
			return nil, errors.Join(ctx.Err(), err)
		}
		select { // its server is starting, or ending
		case <-tick.C:
		case <-waiting.Done():
			over = true
		}
	}
}

func startShared(ctx context.Context, dir string, lock *lock, options []redisconn.Option) (*Store, error) {
	lock.owner.brief = true
	store, err := startChild(ctx, dir, lock, options)
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	return store, nil
}

// connectShared connects to the server of another program; nil if it does not answer.
func connectShared(ctx context.Context, other *LockedError, options []redisconn.Option) *Store {
	client, err := redisconn.OpenReady(ctx, other.socket.url(), redisconn.Patience{}, nil, options...)
	if err != nil {
		return nil
	}
	if redisconn.Ping(ctx, client) != nil {
		_ = client.Close() // the error matters more
		return nil
	}
	ended := make(chan struct{})
	return &Store{
		client: client, url: other.socket.url(), durable: true, attended: !other.brief,
		ended: ended, cause: func() error { return nil },
		release: func() error {
			close(ended)
			return client.Close()
		},
	}
}
