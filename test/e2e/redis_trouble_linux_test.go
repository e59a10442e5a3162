package e2e

import (
	"strings"
	"testing"

	"havip/test/redistest"
)

// TestRedisOutOfMemory: a Redis that accepts no write any more stops the sending, for no intent can be
// recorded; with room again, everything goes on.
func TestRedisOutOfMemory(t *testing.T) {
	t.Parallel()
	const batch = "full"
	w := newWorld(t, "--latency", "20ms")
	rows := rowsOf(400)
	w.enqueue(t, "apply", w.write(t, batch+".csv", rows))
	w.worker(t, "--concurrency", "10")
	w.awaitCreated(t, batch, 60)
	rdb := w.redis.Client(t)
	limit := func(maxmemory string) {
		t.Helper()
		if err := rdb.ConfigSet(t.Context(), "maxmemory", maxmemory).Err(); err != nil {
			t.Fatal(err)
		}
	}
	limit("1mb")
	eventually(t, "what was in flight ends", func() bool { return w.stats(t).InFlight == 0 })
	sent := len(w.creates(t))
	eventually(t, "the worker goes on trying", func() bool { return strings.Count(w.said(), "OOM command not allowed") > 20 })
	if now := len(w.creates(t)); now != sent {
		t.Errorf("%d requests were sent whose intent could not be recorded", now-sent)
	}
	limit("0")
	w.enqueue(t, "watch", batch, "--timeout", recovery.String(), "--exit-status")
	w.requireExactlyOnce(t, batch, rows)
}

// TestFailover: the master dies under a running batch, and its successor may lack the last writes. The
// same file applied again brings back what was lost, under the same tokens.
func TestFailover(t *testing.T) {
	t.Parallel()
	const batch = "failover"
	w := newWorld(t, "--latency", "20ms", "--faults", "seed=5,create:commit-reset=0.05")
	redistest.Start(t, redistest.AppendOnly(redistest.Always), redistest.ReplicaOf(w.redis))
	sentinel := redistest.StartSentinel(t, w.redis)
	w.env = append(without(w.env, "HAVIP_REDIS_URL"), "HAVIP_REDIS_URL=redis-sentinel://"+sentinel.Addr()+"/0?master=m")
	rows := rowsOf(500)
	file := w.write(t, batch+".csv", rows)
	w.enqueue(t, "apply", file)
	worker := w.worker(t, "--concurrency", "15")
	w.awaitCreated(t, batch, 100)
	sentinel.KillMaster(t)
	eventually(t, "the successor is announced", func() bool { return w.start(t, "enqueue", "list").wait(t, patience) == 0 })
	w.enqueue(t, "apply", file)
	w.enqueue(t, "watch", batch, "--timeout", recovery.String(), "--exit-status")
	w.requireExactlyOnce(t, batch, rows)
	if worker.ended() {
		t.Errorf("the worker did not survive, exit code %d", worker.exitCode())
	}
}
