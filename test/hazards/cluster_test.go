package hazards

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
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
	rdb, err := redisconn.Open(t.Context(), url, redisconn.PoolSize(16))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// masters are the hash tags whose master is killed.
var masters = map[string]string{"of the queue": bj.Queue(), "of the ledger": batch}

// Whole workers on a cluster, which refuses a script whose keys are of several masters. A master is
// killed in the middle of the batch, between two commands: the workers lose the connection and no answer. It
// is replaced when they have seen that.
func TestClusterFailover(t *testing.T) {
	t.Parallel()
	for name, tag := range masters {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testClusterFailover(t, 120, tag, func(f *hazardFixture, cluster *redistest.Cluster, master *redistest.Server) {
				f.betweenCommands(func() {
					until(t, "the replica has all", often, func() bool {
						return replicated(t, cluster, tag)
					})
					f.commands.failed.Store(false)
					master.Kill()
				})
				until(t, "a command has failed", often, f.commands.failed.Load)
			})
		})
	}
}

// The same while commands are on their way. What then becomes of answers and of the last writes is chance,
// and where a task's delivery or ack is lost, workers wait for its lease.
func TestSlowClusterFailoverAtAnyMoment(t *testing.T) {
	t.Parallel()
	for name, tag := range masters {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testClusterFailover(t, 400, tag, func(_ *hazardFixture, _ *redistest.Cluster, master *redistest.Server) { master.Kill() })
		})
	}
}

// testClusterFailover has n items created, and in their midst the master of the hash tag killed.
func testClusterFailover(t *testing.T, n int, tag string, kill func(*hazardFixture, *redistest.Cluster, *redistest.Server)) {
	t.Helper()
	cluster := redistest.StartCluster(t)
	f := newFixture(t, open(t, cluster.URL()), "create:stall-before:20ms")
	f.rdb.AddHook(&f.commands)
	gz := tasks.Lane{Account: "default", Region: "gz"}
	for _, name := range []string{"w1", "w2"} {
		f.worker(t, name, worker.LaneConfig{Lane: bj, API: f.api}, worker.LaneConfig{Lane: gz, API: f.api})
	}
	f.apply(t, n)
	until(t, "the replicas have the batch", often, func() bool {
		return replicated(t, cluster, ledger.Tags(batch)...)
	})
	until(t, "the batch is half done", often, func() bool { return f.sim.Stats().Live > n/2 })
	master, replica := cluster.Owner(t, "{"+tag+"}")
	kill(f, cluster, master)
	cluster.Promote(t, replica)
	f.awaitDone(t)
	f.awaitEmptyQueue(t)
	f.requireOnce(t, n, anySends)
}

// replicated reports whether the replicas have all that is written under the hash tags. It asks on connections
// of its own, which no hook keeps back.
func replicated(t *testing.T, cluster *redistest.Cluster, tags ...string) bool {
	t.Helper()
	check, err := redisconn.StartReplicationCheck(t.Context(), open(t, cluster.URL()), cluster.URL(), tags...)
	return err == nil && check.Verify(t.Context()) == nil
}

// betweenCommands does something while no command is on its way to Redis.
func (f *hazardFixture) betweenCommands(do func()) {
	f.commands.Lock()
	defer f.commands.Unlock()
	do()
}

// commands is a hook: locked, it keeps commands back.
type commands struct {
	sync.RWMutex
	failed atomic.Bool
}

func (*commands) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *commands) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.RLock()
		defer c.RUnlock()
		return c.note(next(ctx, cmd))
	}
}

func (c *commands) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.RLock()
		defer c.RUnlock()
		return c.note(next(ctx, cmds))
	}
}

// note notes that a command got no answer.
func (c *commands) note(err error) error {
	var answer redis.Error
	if err != nil && !errors.As(err, &answer) {
		c.failed.Store(true)
	}
	return err
}
