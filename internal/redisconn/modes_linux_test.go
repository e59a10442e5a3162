package redisconn

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// doneScript is the relevant part of asynq's done.
var doneScript = redis.NewScript(`
if redis.call("LREM", KEYS[1], 0, ARGV[1]) == 0 then return redis.error_reply("NOT FOUND") end
redis.call("ZREM", KEYS[2], ARGV[1])
redis.call("DEL", KEYS[3])
return redis.status_reply("OK")`)

// assertRepairs makes a task active by hand and acks it with the context of asynq's
// repetition.
func assertRepairs(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	active, lease, task := queueKeys+"active", queueKeys+"lease", queueKeys+"t:id"
	for _, err := range []error{
		client.LPush(t.Context(), active, "id").Err(),
		client.ZAdd(t.Context(), lease, redis.Z{Score: 1, Member: "id"}).Err(),
		client.HSet(t.Context(), task, "state", "active").Err(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	// Each repetition has five seconds, and asynq tries again.
	redistest.Poll(t, "the ack", func(context.Context) error {
		return doneScript.Run(canceled(t), client, []string{active, lease, task}, "id").Err() //nolint:contextcheck // canceled, as asynq leaves it
	})
	if n := client.LLen(t.Context(), active).Val(); n != 0 {
		t.Errorf("%d tasks are still active", n)
	}
}

func TestRepairAcks_single(t *testing.T) {
	t.Parallel()
	assertRepairs(t, connect(t, redistest.Start(t).URL()))
}

func TestRepairAcks_cluster(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Lines("cluster-enabled yes", "cluster-announce-ip 127.0.0.1"))
	if err := server.Client(t).Do(t.Context(), "cluster", "addslotsrange", 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	options, err := Parse(t.Context(), redistest.Patient("redis-cluster://"+server.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	client := New(options)
	defer func() { _ = client.Close() }()
	awaitWritable(t, client)
	assertRepairs(t, client)
}

// After a master behind sentinels died, the client finds its successor and keeps its hooks.
func TestSentinel_failover(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	replica := redistest.Start(t, redistest.ReplicaOf(master))
	sentinel := redistest.StartSentinel(t, master)
	options, err := Parse(t.Context(), redistest.Patient("redis-sentinel://"+sentinel.Addr()+"/0?master=m"))
	if err != nil {
		t.Fatal(err)
	}
	client := New(options)
	defer func() { _ = client.Close() }()
	awaitWritable(t, client)
	assertRepairs(t, client)
	findings, err := Check(t.Context(), client)
	if err != nil || len(findings) == 0 || findings[0].Node != "master" {
		t.Errorf("findings %+v, %v", findings, err)
	}
	redistest.AwaitReplica(t, master)

	sentinel.KillMaster(t)
	awaitWritable(t, client)
	assertRepairs(t, client)
	if n := replica.Client(t).Exists(t.Context(), "writable").Val(); n != 1 {
		t.Error("the write did not reach the successor")
	}
}

// awaitWritable waits until a cluster or a sentinel is ready.
func awaitWritable(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	redistest.Poll(t, "a write", func(ctx context.Context) error { return client.Set(ctx, "writable", "v", 0).Err() })
}
