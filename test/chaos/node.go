//go:build unix

package main

import (
	"context"
	"net"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/internal/standalone/redisserver"
	"havip/test/freeport"
)

// redisStart bounds a start of Redis, with its append-only file to load, and a failover.
const redisStart = time.Minute

// node is a redis-server that may die, and comes back at its address with its data.
type node struct {
	dir, network, address string
	lines                 []string
	// client goes past every link; release gives the port back.
	client  *redis.Client
	release func()

	mu      sync.Mutex
	process *redisserver.Process
}

// socketNode listens on a Unix socket only.
func socketNode(dir string) *node {
	n := &node{dir: dir, network: "unix", address: filepath.Join(dir, "redis.sock"), release: func() {}}
	n.lines = []string{"port 0", "unixsocket " + redisserver.Quote(n.address)}
	n.connect()
	return n
}

// portNode listens on a port that stays its own while it is down, as are those at the distances above it.
func portNode(dir string, lines []string, distances ...int) (*node, error) {
	addr, release, err := freeport.Hold(distances...)
	if err != nil {
		return nil, err
	}
	n := &node{dir: dir, network: "tcp", address: addr, release: release}
	_, port, _ := net.SplitHostPort(addr) // it is one of ours
	n.lines = append([]string{"port " + port, "bind 127.0.0.1", "repl-diskless-sync-delay 0"}, lines...)
	n.connect()
	return n, nil
}

func (n *node) connect() {
	n.client = redis.NewClient(&redis.Options{Network: n.network, Addr: n.address, DisableIdentity: true, MaxRetries: -1, ContextTimeoutEnabled: true})
}

func (n *node) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, redisStart)
	defer cancel()
	process, err := redisserver.Start(ctx, redisserver.Config{Dir: n.dir, Lines: append([]string{
		`save ""`,
		"appendonly yes",
		"appendfsync always",
		"maxmemory-policy noeviction",
	}, n.lines...)})
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.process = process
	return nil
}

// replication is what INFO says of it.
func (n *node) replication(ctx context.Context) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	info, err := n.client.InfoMap(ctx, "replication").Result()
	return info["Replication"], err
}

func (n *node) current() *redisserver.Process {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.process
}

func (n *node) kill() { n.current().Kill() }

// end is SIGTERM; it returns when Redis is gone, by force if ctx ends first.
func (n *node) end(ctx context.Context) { n.current().Stop(ctx) }

func (n *node) stop() { n.current().Signal(syscall.SIGSTOP) }

func (n *node) resume() { n.current().Signal(syscall.SIGCONT) }

func (n *node) close() {
	_ = n.client.Close()
	if n.current() != nil {
		n.kill()
	}
	n.release()
}
