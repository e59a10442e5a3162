package e2e

import (
	"fmt"
	"net"
	"testing"

	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// TestRedisOutOfMemory: a Redis that accepts no write any more stops the sending, for no intent can be
// recorded; with room again, everything goes on.
func TestRedisOutOfMemory(t *testing.T) {
	t.Parallel()
	const batch, atOnce = "full", 8
	w := newStack(t, "--faults", fault("create:gate-before", 2, 1+atOnce))
	w.env = append(w.env, longRequests)
	rows := fixedRowsOf(60)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows))
	w.worker(t, "--concurrency", "8")
	w.awaitGate(t, atOnce) // all that the worker may send at once
	rdb := w.redis.Client(t)
	limit := func(maxmemory string) {
		t.Helper()
		if err := rdb.ConfigSet(t.Context(), "maxmemory", maxmemory).Err(); err != nil {
			t.Fatal(err)
		}
	}
	limit("1mb")
	w.openGate(t)
	eventually(t, "the worker goes on trying", func() bool { return refusedWrites(t, rdb) > 100 })
	if n := len(w.creates(t)); n != 1+atOnce {
		t.Errorf("%d requests were sent whose intent could not be recorded", n-1-atOnce)
	}
	limit("0")
	w.enqueue(t, "watch", batch, "--timeout", patience.String(), "--exit-status")
	w.requireExactlyOnce(t, batch, rows)
}

// refusedWrites counts the commands that Redis had no memory for.
func refusedWrites(t *testing.T, rdb redis.UniversalClient) int {
	t.Helper()
	info, err := rdb.InfoMap(t.Context(), "errorstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if counted, found := info["Errorstats"]["errorstat_OOM"]; found {
		if _, err := fmt.Sscanf(counted, "count=%d", &n); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// TestFailover: the master dies under a running batch, and its successor may lack the last writes. The
// same file applied again brings back what was lost, under the same tokens.
func TestFailover(t *testing.T) {
	t.Parallel()
	const batch, atOnce = "failover", 8
	w := newStack(t, "--faults", fault("create:gate-after", 2, 1+atOnce)+",seed=5,create:commit-reset=0.05")
	redistest.Start(t, redistest.AppendOnly(redistest.Always), redistest.ReplicaOf(w.redis))
	sentinel := redistest.StartSentinel(t, w.redis)
	w.env = append(without(w.env, "HAVIP_REDIS_URL"), "HAVIP_REDIS_URL=redis-sentinel://"+sentinel.Addr()+"/0?master=m")
	rows := fixedRowsOf(150)
	file := w.write(t, batch+".csv", rows)
	w.enqueue(t, "apply", "--yes", file, "--allow-unverified-durability") // the replica may be slow
	worker := w.worker(t, "--concurrency", "8")
	w.awaitGate(t, atOnce)
	sentinel.KillMaster(t)
	w.openGate(t)
	asked := redis.NewSentinelClient(&redis.Options{Addr: sentinel.Addr()})
	t.Cleanup(func() { _ = asked.Close() })
	eventually(t, "the successor is announced", func() bool {
		address, err := asked.GetMasterAddrByName(t.Context(), "m").Result()
		return err == nil && net.JoinHostPort(address[0], address[1]) != w.redis.Addr()
	})
	w.enqueue(t, "apply", "--yes", file, "--allow-unverified-durability") // the successor has no replica
	w.enqueue(t, "watch", batch, "--timeout", patience.String(), "--exit-status")
	w.requireExactlyOnce(t, batch, rows)
	if worker.ended() {
		t.Errorf("the worker did not survive, exit code %d", worker.exitCode())
	}
}
