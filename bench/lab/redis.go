package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"havip/internal/standalone/redisserver"
)

const (
	redisStart    = 30 * time.Second
	portsAttempts = 20
)

// Redis is a redis-server with the settings of deploy/redis.conf: an append-only file that is synced every second, and short
// hashes in one piece.
type Redis struct {
	Addr    string
	dir     string
	process *redisserver.Process
	client  *redis.Client
}

// Redis starts an empty server; Close ends it and removes its file.
func (s *Site) Redis(ctx context.Context) (*Redis, error) {
	for range portsAttempts {
		r, err := s.start(ctx)
		var exit *redisserver.ExitError
		if err == nil || !errors.As(err, &exit) || !strings.Contains(exit.Log, "Address already in use") {
			return r, err
		}
	}
	return nil, errors.New("start redis-server: no free port")
}

func (s *Site) start(ctx context.Context) (*Redis, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(s.Dir, "redis-")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, redisStart)
	defer cancel()
	process, err := redisserver.Start(ctx, redisserver.Config{Dir: dir, Lines: []string{
		"port " + strconv.Itoa(port), "bind 127.0.0.1", `save ""`,
		"appendonly yes", "appendfsync everysec", "maxmemory-policy noeviction",
		"hash-max-listpack-value 512", "hash-max-listpack-entries 64",
	}})
	if err != nil {
		return nil, err
	}
	r := &Redis{Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), dir: dir, process: process}
	r.client = redis.NewClient(&redis.Options{
		Addr: r.Addr, MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	return r, nil
}

func freePort(ctx context.Context) (int, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

// FreeAddr is an address of loopback that nothing listens on.
func FreeAddr(ctx context.Context) (string, error) {
	port, err := freePort(ctx)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), err
}

// URL is the server's address for programs.
func (r *Redis) URL() string { return "redis://" + r.Addr + "/0" }

// Client looks into the server.
func (r *Redis) Client() *redis.Client { return r.client }

// Close ends the server.
func (r *Redis) Close() {
	_ = r.client.Close()
	r.process.Kill()
	_ = os.RemoveAll(r.dir)
}

// Count is the number of a batch's items in the ledger and of tasks in the lane's queue.
func (r *Redis) Count(ctx context.Context, batch string) (items, tasks int64, err error) {
	items, err = r.client.LLen(ctx, "havip:{"+batch+"}:order").Result()
	if err != nil {
		return 0, 0, err
	}
	tasks, err = r.client.LLen(ctx, "asynq:{havip.default.bj}:pending").Result()
	return items, tasks, err
}

// Require fails unless ledger and queue hold so many.
func (r *Redis) Require(ctx context.Context, batch string, want int) error {
	items, tasks, err := r.Count(ctx, batch)
	if err == nil && (items != int64(want) || tasks != int64(want)) {
		err = fmt.Errorf("%d items and %d tasks after %d rows", items, tasks, want)
	}
	return err
}
