package redisconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// inVain is the patience for an event that does not happen.
const inVain = 50 * time.Millisecond

// startCheck starts a check that waits long.
func startCheck(t *testing.T, client redis.UniversalClient, url string, tags ...string) *ReplicationCheck {
	t.Helper()
	var c *ReplicationCheck
	redistest.Poll(t, "a start without a failover", func(ctx context.Context) (err error) {
		if c, err = StartReplicationCheck(ctx, client, url, tags...); err == nil {
			for _, s := range c.shards {
				err = errors.Join(err, s.unsettled)
			}
		}
		return err
	})
	c.lag, c.failover = patience, patience
	return c
}

// requireVerified fails unless the writes under the tags are verified.
func requireVerified(t *testing.T, client redis.UniversalClient, url string, tags ...string) {
	t.Helper()
	if err := startCheck(t, client, url, tags...).Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// requireUnverified fails unless a check returns this lasting reason.
func requireUnverified(t *testing.T, c *ReplicationCheck, reason string) {
	t.Helper()
	c.lag = inVain
	requireReason(t, c.Verify(t.Context()), reason)
}

func requireReason(t *testing.T, err error, reason string) {
	t.Helper()
	var not *NotReplicatedError
	if !errors.As(err, &not) || !strings.HasSuffix(not.Reason, reason) {
		t.Errorf("got %v, want %q", err, reason)
	}
}

// oneIsMissing is the end of the reason if the other replica may be slow too.
const oneIsMissing = " of 2 replicas have confirmed it"

// replicated starts a master with replicas that are in sync.
func replicated(t *testing.T, n int) (master *redistest.Server, replicas []*redistest.Server) {
	t.Helper()
	master = redistest.Start(t)
	for range n {
		replicas = append(replicas, redistest.Start(t, redistest.ReplicaOf(master)))
	}
	awaitConnected(t, master.Client(t), n)
	return master, replicas
}

// awaitConnected waits until so many replicas are connected to the server.
func awaitConnected(t *testing.T, server redis.UniversalClient, n int) {
	t.Helper()
	redistest.Poll(t, fmt.Sprintf("%d connected replicas", n), func(ctx context.Context) error {
		r, err := replicationOf(ctx, server)
		if err == nil && r.connected != n {
			err = fmt.Errorf("it has %d", r.connected)
		}
		return err
	})
}

// sentinelURL watches the master, and returns the URL under which its sentinel is asked for it.
func sentinelURL(t *testing.T, master *redistest.Server) (*redistest.Sentinel, string) {
	t.Helper()
	s := redistest.StartSentinel(t, master)
	return s, redistest.Patient("redis-sentinel://" + s.Addr() + "/0?master=m")
}

func TestReplicationCheck(t *testing.T) {
	t.Parallel()
	master, replicas := replicated(t, 1)
	client := connect(t, master.URL())
	requireVerified(t, client, "", "b")
	check := startCheck(t, client, "", "b")
	replicas[0].Stop()
	requireUnverified(t, check, "0 of 1 replicas have confirmed it")
	replicas[0].Resume()
	requireVerified(t, client, "", "b")
	check = startCheck(t, client, "", "b")
	replicas[0].Kill()
	awaitConnected(t, client, 0)
	requireUnverified(t, check, "the master has no replica connected")
	requireUnverified(t, startCheck(t, client, "", "b"), "the master has no replica connected")
}

// A Redis without replicas, or a stand-in that reports none, cannot fail over.
func TestReplicationCheck_none(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	for name, addr := range map[string]string{"alone": server.Addr(), "stand-in": miniredis.RunT(t).Addr()} {
		client := connect(t, "redis://"+addr)
		requireVerified(t, client, "", "b")
		if keys := client.DBSize(t.Context()).Val(); keys != 0 {
			t.Errorf("%s: %d keys were written for nobody", name, keys)
		}
	}
	check := startCheck(t, connect(t, server.URL()), "", "b")
	server.Kill()
	if err := check.Verify(t.Context()); err != nil {
		t.Errorf("what is gone has nobody to take its place: %v", err)
	}
}

// One of two links is down. The server does not report it; the stored number of replicas does.
func TestReplicationCheck_oneOfTwo(t *testing.T) {
	t.Parallel()
	master, replicas := replicated(t, 2)
	client := connect(t, master.URL())
	requireVerified(t, client, "", "b")
	replicas[0].Kill()
	awaitConnected(t, client, 1)
	requireUnverified(t, startCheck(t, client, "", "another"), oneIsMissing)
}

// A server with min-replicas-to-write must have replicas, also after a restart.
func TestReplicationCheck_demanded(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := connect(t, server.URL())
	for _, setting := range []string{"min-replicas-max-lag", "min-replicas-to-write"} {
		if err := client.ConfigSet(t.Context(), setting, "2").Err(); err != nil {
			t.Fatal(err)
		}
	}
	r, err := replicationOf(t.Context(), client)
	if err != nil || r.expected != 2 {
		t.Errorf("%+v, %v; want 2 replicas expected", r, err)
	}
}

// A link is down and the sentinel reports it, whether the master has another replica or none.
func TestReplicationCheck_sentinel(t *testing.T) {
	t.Parallel()
	master, replicas := replicated(t, 2)
	_, url := sentinelURL(t, master)
	client := connect(t, url)
	requireVerified(t, client, url, "b")
	replicas[1].Kill()
	awaitConnected(t, client, 1)
	requireUnverified(t, startCheck(t, client, url, "b"), oneIsMissing)
	replicas[0].Kill()
	awaitConnected(t, client, 0)
	requireUnverified(t, startCheck(t, client, url, "b"), "the master has no replica connected")
}

// A failover between the writes: the new master and its replica agree, but lack the old one's last writes.
func TestReplicationCheck_failedOver(t *testing.T) {
	t.Parallel()
	master, _ := replicated(t, 1)
	sentinel, url := sentinelURL(t, master)
	client := connect(t, url)
	verified := startCheck(t, client, url, "b")
	if err := verified.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	check := startCheck(t, client, url, "b")
	sentinel.Failover(t)
	sentinel.AwaitFailover(t, master.Addr())
	requireReason(t, check.Verify(t.Context()), "Redis failed over while it was written")
	if err := verified.Verify(t.Context()); err != nil {
		t.Errorf("the new master has what was confirmed before: %v", err)
	}
	if err := client.Del(t.Context(), verified.shards[0].marker).Err(); err != nil {
		t.Fatal(err)
	}
	verified.shards[0].history = "of before"
	requireReason(t, verified.Verify(t.Context()), "Redis failed over, and the new master does not have it")
}

// Two sentinels that name different masters, and one that is in the middle of a failover.
func TestReplicationCheck_sentinelsDisagree(t *testing.T) {
	t.Parallel()
	master, replicas := replicated(t, 1)
	one, url := sentinelURL(t, master)
	client := connect(t, url)
	requireVerified(t, client, url, "b")
	check := startCheck(t, client, url, "b")
	if err := replicas[0].Client(t).Do(t.Context(), "replicaof", "no", "one").Err(); err != nil {
		t.Fatal(err)
	}
	other := redistest.Start(t, redistest.ReplicaOf(replicas[0]))
	redistest.AwaitReplica(t, replicas[0])
	two := redistest.StartSentinel(t, replicas[0])
	topology := check.topology.(*sentinels)
	topology.addrs = []string{one.Addr(), two.Addr()}
	if s := topology.survey(t.Context(), ""); s.moving == "" {
		t.Errorf("%+v", s)
	}
	check.failover, check.lag = inVain, inVain
	if err := check.Verify(t.Context()); err == nil {
		t.Error("verified, although sentinels name different masters")
	}
	topology.addrs = []string{other.Addr()}
	if s := topology.survey(t.Context(), ""); s.moving != "no sentinel answers" {
		t.Errorf("%+v", s)
	}
}

// A master that became a replica has not replicated its last writes.
func TestReplicationCheck_demoted(t *testing.T) {
	t.Parallel()
	master, replicas := replicated(t, 1)
	client := connect(t, master.URL())
	check := startCheck(t, client, "", "b")
	host, port, err := net.SplitHostPort(replicas[0].Addr())
	if err != nil {
		t.Fatal(err)
	}
	if err := replicas[0].Client(t).Do(t.Context(), "replicaof", "no", "one").Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.Do(t.Context(), "replicaof", host, port).Err(); err != nil {
		t.Fatal(err)
	}
	check.failover = inVain // nobody makes it a master again
	requireUnverified(t, check, "the master has become a replica")
}

// In a cluster, the tags' own masters are checked, and the nodes report replicas whose link is down.
func TestReplicationCheck_cluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	client := connect(t, redistest.Patient(cluster.URL()))
	master, replica := cluster.Owner(t, "havip:{b}:batch")
	other := tagOfAnother(t, cluster, replica)
	requireVerified(t, client, "", other, "b")
	check := startCheck(t, client, "", "b", other)
	replica.Kill()
	awaitConnected(t, master.Client(t), 0)
	requireUnverified(t, check, "the master has no replica connected")
	requireUnverified(t, startCheck(t, client, "", "b", other), "the master has no replica connected")
	requireVerified(t, client, "", other)
}

// A replica takes over the slots between the writes.
func TestReplicationCheck_clusterTakeover(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	client := connect(t, redistest.Patient(cluster.URL()))
	verified := startCheck(t, client, "", "b")
	if err := verified.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	check := startCheck(t, client, "", "b")
	_, replica := cluster.Owner(t, "havip:{b}:batch")
	cluster.Promote(t, replica)
	requireReason(t, check.Verify(t.Context()), "Redis failed over while it was written")
	if err := verified.Verify(t.Context()); err != nil {
		t.Errorf("the new master has what was confirmed before: %v", err)
	}
}

// tagOfAnother is a hash tag whose replica is not this one.
func tagOfAnother(t *testing.T, cluster *redistest.Cluster, replica *redistest.Server) string {
	t.Helper()
	for _, tag := range []string{"c", "d", "e", "f", "g", "h"} {
		if _, owner := cluster.Owner(t, "havip:{"+tag+"}:batch"); owner != replica {
			return tag
		}
	}
	t.Fatal("every tag has the same replica")
	return ""
}

func TestReplicationCheck_ofAStrangeClient(t *testing.T) {
	t.Parallel()
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": "127.0.0.1:1"}})
	defer func() { _ = ring.Close() }()
	if _, err := StartReplicationCheck(t.Context(), ring, "", "b"); err == nil {
		t.Error("a ring has no master")
	}
	behind := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "m", SentinelAddrs: []string{"127.0.0.1:1"}})
	defer func() { _ = behind.Close() }()
	if _, err := StartReplicationCheck(t.Context(), behind, "redis://127.0.0.1", "b"); err == nil {
		t.Error("a URL without sentinels says nothing of them")
	}
}

func TestParseClusterNodes(t *testing.T) {
	t.Parallel()
	view := parseClusterNodes(strings.Join([]string{
		"aa 10.0.0.1:6379@16379,host master - 0 1 7 connected 0-99 200 [300->-cc]",
		"bb 10.0.0.2:6379@16379 myself,slave aa 0 1 7 connected",
		"cc 10.0.0.3:6379@16379 slave,fail aa 0 1 7 disconnected",
		"dd :0@0 master,noaddr - 0 1 0 disconnected",
		"short line",
	}, "\n"))
	if view.self != 1 || len(view.nodes) != 4 || view.replicasOf("aa") != 2 || view.replicasOf("") != 0 {
		t.Errorf("%+v", view)
	}
	for slot, owner := range map[int]string{0: "aa", 99: "aa", 100: "", 200: "aa", 300: ""} {
		if node, _ := view.ownerOf(slot); node.id != owner {
			t.Errorf("slot %d is %q's, want %q's", slot, node.id, owner)
		}
	}
}
