package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"havip/test/freeport"
)

// Sentinel watches a master under the name m. Until [Sentinel.KillMaster] it does not take the master for
// dead, however slowly that answers.
type Sentinel struct {
	addr   string
	master *Server
}

// StartSentinel runs a sentinel until the test ends. It returns once the sentinel knows a replica, which
// the caller has started.
func StartSentinel(tb testing.TB, master *Server) *Sentinel {
	tb.Helper()
	// A sentinel asks its master for replicas at the start and then each 10 s.
	AwaitReplica(tb, master)
	s := &Sentinel{addr: freeport.Reserve(tb), master: master}
	masterHost, masterPort, _ := net.SplitHostPort(master.Addr()) // both are ours
	_, port, _ := net.SplitHostPort(s.addr)
	const hour = 3_600_000
	config := fmt.Sprintf("port %s\nbind 127.0.0.1\nsentinel monitor m %s %s 1\nsentinel down-after-milliseconds m %d\nsentinel failover-timeout m 5000\n",
		port, masterHost, masterPort, hour)
	path := filepath.Join(tb.TempDir(), "sentinel.conf")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		tb.Fatal(err)
	}
	//nolint:noctx // it lives until the test ends, and is killed then
	sentinel := exec.Command("redis-server", path, "--sentinel")
	sentinel.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := sentinel.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = sentinel.Process.Kill()
		_ = sentinel.Wait()
	})
	s.awaitReplica(tb)
	return s
}

// Addr returns the sentinel's host:port.
func (s *Sentinel) Addr() string { return s.addr }

// KillMaster kills the master, and lets the sentinel replace it, which takes some seconds.
func (s *Sentinel) KillMaster(tb testing.TB) {
	tb.Helper()
	s.master.Kill()
	client := s.client()
	defer func() { _ = client.Close() }()
	if err := client.Do(tb.Context(), "sentinel", "set", "m", "down-after-milliseconds", 500).Err(); err != nil {
		tb.Fatalf("redistest: sentinel: %v", err)
	}
}

func (s *Sentinel) client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: s.addr, DisableIdentity: true, ReadTimeout: patience})
}

func (s *Sentinel) awaitReplica(tb testing.TB) {
	tb.Helper()
	client := s.client()
	defer func() { _ = client.Close() }()
	Poll(tb, "the sentinel", func(ctx context.Context) error {
		known, err := client.Do(ctx, "sentinel", "master", "m").Result()
		if err != nil {
			return err
		}
		if facts, _ := known.(map[any]any); fmt.Sprint(facts["num-slaves"]) == "0" {
			return errors.New("it knows no replica")
		}
		return nil
	})
}
