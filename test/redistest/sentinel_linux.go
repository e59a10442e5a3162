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
	"time"

	"github.com/redis/go-redis/v9"
)

// ReplicaOf makes a server a replica of another.
func ReplicaOf(master *Server) Option {
	host, port, _ := net.SplitHostPort(master.Addr()) // it is one of ours
	return Lines("replicaof "+host+" "+port, "repl-diskless-sync-delay 0")
}

// StartSentinel runs a sentinel that watches the master under the name m and takes it for dead after
// half a second. It returns the sentinel's address once it knows a replica, which the caller has
// started.
func StartSentinel(tb testing.TB, master *Server) (addr string) {
	tb.Helper()
	// A sentinel asks its master for replicas at the start and then each 10 s.
	AwaitReplica(tb, master)
	addr = freeAddr(tb)
	masterHost, masterPort, _ := net.SplitHostPort(master.Addr())
	_, port, _ := net.SplitHostPort(addr)
	config := fmt.Sprintf("port %s\nbind 127.0.0.1\nsentinel monitor m %s %s 1\nsentinel down-after-milliseconds m 500\nsentinel failover-timeout m 5000\n",
		port, masterHost, masterPort)
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
	awaitKnownReplica(tb, addr)
	return addr
}

func freeAddr(tb testing.TB) string {
	tb.Helper()
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func awaitKnownReplica(tb testing.TB, sentinel string) {
	tb.Helper()
	client := redis.NewClient(&redis.Options{Addr: sentinel, DisableIdentity: true})
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

// AwaitReplica waits until a replica has all that the master was told.
func AwaitReplica(tb testing.TB, master *Server) {
	tb.Helper()
	client := master.Client(tb)
	Poll(tb, "the replica", func(ctx context.Context) error {
		n, err := client.Do(ctx, "wait", 1, 1000).Int()
		if err == nil && n != 1 {
			err = errors.New("not connected")
		}
		return err
	})
}

// Poll waits until ready has no error: neither a cluster nor a sentinel says when it is in order.
func Poll(tb testing.TB, what string, ready func(context.Context) error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 60*time.Second)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			tb.Fatalf("%s: %v", what, err)
		}
	}
}
