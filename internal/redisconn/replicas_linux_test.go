package redisconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// inVain is for a replica that hangs, which confirms nothing however long it is waited for.
const inVain = 50 * time.Millisecond

// awaitTags is AwaitReplicas with a patience of its own.
func awaitTags(t *testing.T, client redis.UniversalClient, patience time.Duration, tags ...string) error {
	t.Helper()
	return awaitReplicas(t.Context(), client, patience, tags)
}

// replicated starts a master with a replica that has all it has.
func replicated(t *testing.T) (master, replica *redistest.Server) {
	t.Helper()
	master = redistest.Start(t)
	replica = redistest.Start(t, redistest.ReplicaOf(master))
	redistest.AwaitReplica(t, master)
	return master, replica
}

func TestAwaitReplicas(t *testing.T) {
	t.Parallel()
	master, replica := replicated(t)
	client := connect(t, master.URL())
	if err := client.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := awaitTags(t, client, patience, "b"); err != nil {
		t.Error(err)
	}
	replica.Stop()
	if err := awaitTags(t, client, inVain, "b"); !errors.Is(err, ErrNotReplicated) {
		t.Errorf("with a replica that hangs: %v", err)
	}
	replica.Resume()
	if err := awaitTags(t, client, patience, "b"); err != nil {
		t.Error(err)
	}
	master.Kill()
	if err := awaitTags(t, client, patience, "b"); err == nil || errors.Is(err, ErrNotReplicated) {
		t.Errorf("with a master that is gone: %v", err)
	}
}

// A Redis without replicas, and a stand-in that tells of none, cannot fail over.
func TestAwaitReplicas_none(t *testing.T) {
	t.Parallel()
	for name, addr := range map[string]string{"alone": redistest.Start(t).Addr(), "stand-in": miniredis.RunT(t).Addr()} {
		client := connect(t, "redis://"+addr)
		if err := AwaitReplicas(t.Context(), client, "b"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if keys := client.DBSize(t.Context()).Val(); keys != 0 {
			t.Errorf("%s: %d keys were written for nobody", name, keys)
		}
	}
}

// In a cluster it is the tags' own masters that are asked.
func TestAwaitReplicas_cluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	client := connect(t, cluster.URL())
	_, replica := cluster.Owner(t, "havip:{b}:batch")
	replica.Stop()
	defer replica.Resume()
	if err := awaitTags(t, client, inVain, "b"); !errors.Is(err, ErrNotReplicated) {
		t.Errorf("with a replica that hangs: %v", err)
	}
	other := tagOfAnother(t, cluster, replica)
	if err := awaitTags(t, client, patience, other); err != nil {
		t.Errorf("with a replica that serves: %v", err)
	}
	if err := awaitTags(t, client, inVain, other, "b"); !errors.Is(err, ErrNotReplicated) {
		t.Errorf("with one of each: %v", err)
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

func TestAwaitReplicas_ofAStrangeClient(t *testing.T) {
	t.Parallel()
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": "127.0.0.1:1"}})
	defer func() { _ = ring.Close() }()
	if err := AwaitReplicas(t.Context(), ring, "b"); err == nil {
		t.Error("a ring has no master")
	}
}

// A master that sentinels watch and that has no replica has lost it, or is being replaced by it.
func TestAwaitReplicas_sentinel(t *testing.T) {
	t.Parallel()
	master, replica := replicated(t)
	client := connect(t, "redis-sentinel://"+redistest.StartSentinel(t, master).Addr()+"/0?master=m")
	if err := awaitTags(t, client, patience, "b"); err != nil {
		t.Error(err)
	}
	replica.Kill()
	redistest.Poll(t, "the master without its replica", func(ctx context.Context) error {
		if n, err := replicasOf(ctx, client.(*redis.Client)); n != 0 || err != nil {
			return fmt.Errorf("%d replicas, %w", n, err)
		}
		return nil
	})
	if err := awaitTags(t, client, patience, "b"); !errors.Is(err, ErrNotReplicated) {
		t.Errorf("without the replica: %v", err)
	}
}

// A master that becomes a replica while it is waited for has replicated nothing.
func TestAwaitReplicas_demoted(t *testing.T) {
	t.Parallel()
	master, replica := replicated(t)
	client := connect(t, master.URL())
	key := "havip:{b}:replicated"
	if err := stillMaster(t.Context(), client, key, 1); err != nil {
		t.Error(err)
	}
	host, port, err := net.SplitHostPort(replica.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if err := replica.Client(t).Do(t.Context(), "replicaof", "no", "one").Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.Do(t.Context(), "replicaof", host, port).Err(); err != nil {
		t.Fatal(err)
	}
	if err := stillMaster(t.Context(), client, key, 1); !errors.Is(err, ErrNotReplicated) {
		t.Errorf("demoted: %v", err)
	}
}
