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
	addr     string
	master   *Server
	password string
}

// SentinelPassword has a sentinel ask its clients for a password.
func SentinelPassword(password string) SentinelOption {
	return func(s *Sentinel) { s.password = password }
}

// SentinelOption changes how a sentinel is configured.
type SentinelOption func(*Sentinel)

// StartSentinel runs a sentinel until the test ends. It returns once the sentinel knows all replicas that the
// caller has started and awaited.
func StartSentinel(tb testing.TB, master *Server, options ...SentinelOption) *Sentinel {
	tb.Helper()
	// A sentinel asks its master for replicas at the start and then each 10 s.
	AwaitReplica(tb, master)
	s := &Sentinel{addr: freeport.Reserve(tb), master: master}
	for _, option := range options {
		option(s)
	}
	masterHost, masterPort, _ := net.SplitHostPort(master.Addr()) // both are ours
	_, port, _ := net.SplitHostPort(s.addr)
	const hour = 3_600_000
	config := fmt.Sprintf("port %s\nbind 127.0.0.1\nsentinel monitor m %s %s 1\nsentinel down-after-milliseconds m %d\nsentinel failover-timeout m 5000\n",
		port, masterHost, masterPort, hour)
	if s.password != "" {
		config += "requirepass " + s.password + "\n"
	}
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

// Client returns a client of the sentinel itself, closed when the test ends.
func (s *Sentinel) Client(tb testing.TB) redis.UniversalClient {
	tb.Helper()
	client := s.client()
	tb.Cleanup(func() { _ = client.Close() })
	return client
}

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
	return redis.NewClient(&redis.Options{Addr: s.addr, Password: s.password, DisableIdentity: true, ReadTimeout: patience})
}

// Failover begins a planned failover: the sentinel promotes a replica, and then makes the master one. Until it
// can, it is asked again.
func (s *Sentinel) Failover(tb testing.TB) {
	tb.Helper()
	client := s.client()
	defer func() { _ = client.Close() }()
	Poll(tb, "the failover", func(ctx context.Context) error { return client.Do(ctx, "sentinel", "failover", "m").Err() })
}

// AwaitFailover waits for the end of a failover: the sentinel names another master than this one, all its
// replicas follow that, and nothing is in progress. It returns the address of the new master.
func (s *Sentinel) AwaitFailover(tb testing.TB, old string) (addr string) {
	tb.Helper()
	client := s.client()
	defer func() { _ = client.Close() }()
	Poll(tb, "the end of the failover", func(ctx context.Context) error {
		known, err := s.facts(ctx, client)
		if err != nil {
			return err
		}
		addr = net.JoinHostPort(known["ip"], known["port"])
		if addr == old || known["flags"] != "master" {
			return fmt.Errorf("%s is %s", addr, known["flags"])
		}
		return follow(ctx, addr, known["num-slaves"])
	})
	return addr
}

// Master returns the address of the master that the sentinel names.
func (s *Sentinel) Master(tb testing.TB) string {
	tb.Helper()
	client := s.client()
	defer func() { _ = client.Close() }()
	known, err := s.facts(tb.Context(), client)
	if err != nil {
		tb.Fatalf("redistest: sentinel: %v", err)
	}
	return net.JoinHostPort(known["ip"], known["port"])
}

func (*Sentinel) facts(ctx context.Context, client *redis.Client) (map[string]string, error) {
	known, err := client.Do(ctx, "sentinel", "master", "m").Result()
	if err != nil {
		return nil, err
	}
	facts := map[string]string{}
	answer, _ := known.(map[any]any)
	for name, value := range answer {
		facts[fmt.Sprint(name)] = fmt.Sprint(value)
	}
	return facts, nil
}

func (s *Sentinel) awaitReplica(tb testing.TB) {
	tb.Helper()
	client := s.client()
	defer func() { _ = client.Close() }()
	Poll(tb, "the sentinel", func(ctx context.Context) error {
		known, err := s.facts(ctx, client)
		if err != nil {
			return err
		}
		if known["num-slaves"] == "0" {
			return errors.New("it knows no replica")
		}
		return follow(ctx, s.master.Addr(), known["num-slaves"])
	})
}
