package redisconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/internal/redistest"
)

// doneScript is asynq's done, as far as it matters here.
var doneScript = redis.NewScript(`
if redis.call("LREM", KEYS[1], 0, ARGV[1]) == 0 then return redis.error_reply("NOT FOUND") end
redis.call("ZREM", KEYS[2], ARGV[1])
redis.call("DEL", KEYS[3])
return redis.status_reply("OK")`)

// assertHeals gives a worker a task by hand and acks it with the context that asynq's
// repetition has.
func assertHeals(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	active, lease, task := queueKeys+"active", queueKeys+"lease", queueKeys+"t:id"
	for _, err := range []error{
		client.LPush(t.Context(), active, "id").Err(),
		client.ZAdd(t.Context(), lease, redis.Z{Score: 1, Member: "id"}).Err(),
		client.HSet(t.Context(), task, "state", "active").Err(),
		doneScript.Run(cancelled(t), client, []string{active, lease, task}, "id").Err(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := client.LLen(t.Context(), active).Val(); n != 0 {
		t.Errorf("%d tasks are still active", n)
	}
}

func TestHealAcks_single(t *testing.T) {
	t.Parallel()
	assertHeals(t, connect(t, redistest.Start(t).URL()))
}

func TestHealAcks_cluster(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Lines("cluster-enabled yes", "cluster-announce-ip 127.0.0.1"))
	if err := server.Client(t).Do(t.Context(), "cluster", "addslotsrange", 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	options, err := Parse("redis-cluster://" + server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	client := New(options)
	defer func() { _ = client.Close() }()
	awaitWritable(t, client)
	assertHeals(t, client)
}

// A master that dies behind sentinels: the client finds its successor, hook and all.
func TestSentinel_failover(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	host, port, err := net.SplitHostPort(master.Addr())
	if err != nil {
		t.Fatal(err)
	}
	replica := redistest.Start(t, redistest.Lines("replicaof "+host+" "+port, "repl-diskless-sync-delay 0"))
	// A sentinel asks its master for replicas at the start and then each 10 s.
	awaitReplica(t, master.Client(t))
	options, err := Parse("redis-sentinel://" + startSentinel(t, host, port) + "/0?master=m&read_timeout=1s")
	if err != nil {
		t.Fatal(err)
	}
	client := New(options)
	defer func() { _ = client.Close() }()
	awaitWritable(t, client)
	assertHeals(t, client)
	findings, err := Check(t.Context(), client)
	if err != nil || len(findings) == 0 || findings[0].Node != "master" {
		t.Errorf("findings %+v, %v", findings, err)
	}
	awaitReplica(t, master.Client(t))

	master.Kill()
	awaitWritable(t, client)
	assertHeals(t, client)
	if n := replica.Client(t).Exists(t.Context(), "writable").Val(); n != 1 {
		t.Error("the write did not reach the successor")
	}
}

// awaitWritable polls: neither a cluster nor a sentinel says when it is in order.
func awaitWritable(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	poll(t, "a write", func(ctx context.Context) error { return client.Set(ctx, "writable", "v", 0).Err() })
}

// awaitReplica waits until a replica has all that the master was told.
func awaitReplica(t *testing.T, master redis.UniversalClient) {
	t.Helper()
	poll(t, "the replica", func(ctx context.Context) error {
		n, err := master.Do(ctx, "wait", 1, 1000).Int()
		if err == nil && n != 1 {
			err = errors.New("not connected")
		}
		return err
	})
}

func poll(t *testing.T, what string, ready func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
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
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// startSentinel runs a sentinel that watches the master under the name m, and returns its
// address once it knows a replica.
func startSentinel(t *testing.T, host, port string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("port %d\nbind 127.0.0.1\nsentinel monitor m %s %s 1\nsentinel down-after-milliseconds m 500\nsentinel failover-timeout m 5000\n",
		listener.Addr().(*net.TCPAddr).Port, host, port)
	path := filepath.Join(t.TempDir(), "sentinel.conf")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	sentinel := exec.Command("redis-server", path, "--sentinel")
	sentinel.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := sentinel.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = sentinel.Process.Kill()
		_ = sentinel.Wait()
	})
	client := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true})
	defer func() { _ = client.Close() }()
	poll(t, "the sentinel", func(ctx context.Context) error {
		known, err := client.Do(ctx, "sentinel", "master", "m").Result()
		if err != nil {
			return err
		}
		if n := fmt.Sprint(known.(map[any]any)["num-slaves"]); n == strconv.Itoa(0) {
			return fmt.Errorf("it knows %s replicas", n)
		}
		return nil
	})
	return addr
}
