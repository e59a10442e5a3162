package hazards

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"havip/internal/redisconn"
	"havip/internal/worker"
	"havip/ledger"
	"havip/tasks"
	"havip/test/redistest"
)

// open connects as the programs do.
func open(t *testing.T, url string) redis.UniversalClient {
	t.Helper()
	rdb, err := redisconn.Open(t.Context(), url, redisconn.PoolSize(64))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// Whole workers on a cluster, which refuses a script whose keys are of several masters. A master is
// killed in the middle of the batch: that of the queue, or that of the ledger.
func TestClusterFailover(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{
		"of the queue":  "asynq:{" + bj.Queue() + "}:pending",
		"of the ledger": "havip:{" + batch + "}:batch",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const n = 400
			cluster := redistest.StartCluster(t)
			f := newFixture(t, open(t, cluster.URL()), "create:stall-before:20ms")
			gz := tasks.Lane{Account: "default", Region: "gz"}
			for _, name := range []string{"w1", "w2"} {
				f.worker(t, name, worker.LaneConfig{Lane: bj, API: f.api}, worker.LaneConfig{Lane: gz, API: f.api})
			}
			f.apply(t, n)
			until(t, "the replicas have the batch", often, func() bool {
				return redisconn.AwaitReplicas(t.Context(), f.rdb, ledger.Tags(batch)...) == nil
			})
			until(t, "the batch is half done", often, func() bool { return f.sim.Stats().Live > n/2 })
			master, replica := cluster.Owner(t, key)
			master.Kill()
			cluster.Promote(t, replica)
			f.awaitDone(t)
			f.awaitEmptyQueue(t)
			f.requireOnce(t, n, anySends)
		})
	}
}
