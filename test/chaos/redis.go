//go:build unix

package main

import (
	"context"
	"net"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"havip/internal/standalone/redisserver"
)

// redisStart bounds a start of Redis, with its append-only file to load.
const redisStart = time.Minute

// store is a redis-server that may die. It listens on a Unix socket only, so that no stranger's
// connection ever takes its place while it is down.
type store struct {
	dir string
	// restarts is held while Redis is ended and started again.
	restarts sync.Mutex

	mu      sync.Mutex
	process *redisserver.Process
}

func startStore(ctx context.Context, dir string) (*store, error) {
	s := &store{dir: dir}
	return s, s.run(ctx)
}

func (s *store) socket() string { return filepath.Join(s.dir, "redis.sock") }

// url is the way past every link.
func (s *store) url() string { return "unix://" + s.socket() }

func (s *store) dial(ctx context.Context) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "unix", s.socket())
}

func (s *store) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, redisStart)
	defer cancel()
	process, err := redisserver.Start(ctx, redisserver.Config{Dir: s.dir, Lines: []string{
		"port 0",
		"unixsocket " + redisserver.Quote(s.socket()),
		`save ""`,
		"appendonly yes",
		"appendfsync always",
		"maxmemory-policy noeviction",
	}})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process = process
	return nil
}

func (s *store) current() *redisserver.Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}

func (s *store) kill() { s.current().Kill() }

// end is SIGTERM; it returns when Redis is gone, by force if ctx ends first.
func (s *store) end(ctx context.Context) { s.current().Stop(ctx) }

func (s *store) stop() { s.current().Signal(syscall.SIGSTOP) }

func (s *store) resume() { s.current().Signal(syscall.SIGCONT) }
