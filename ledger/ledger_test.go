package ledger_test

import (
	"context"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"havip/test/ledgertest"
	"havip/test/redistest"
)

func TestLedgerOnRedis(t *testing.T) {
	t.Parallel()
	ledgertest.Exercise(t, func(t *testing.T) redis.UniversalClient {
		t.Helper()
		return redistest.Start(t).Client(t)
	})
}

func TestLedgerOnMiniredis(t *testing.T) {
	t.Parallel()
	ledgertest.Exercise(t, func(t *testing.T) redis.UniversalClient {
		t.Helper()
		client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
		t.Cleanup(func() { _ = client.Close() })
		return client
	})
}

// In cluster mode Redis refuses every script and transaction whose keys are of several slots.
// A new cluster takes two seconds to accept writes, so tests take turns on a few, emptied between.
func TestLedgerOnCluster(t *testing.T) {
	t.Parallel()
	const clusters = 4
	free := make(chan redis.UniversalClient, clusters)
	for range clusters {
		free <- startCluster(t)
	}
	ledgertest.Exercise(t, func(t *testing.T) redis.UniversalClient {
		t.Helper()
		client := <-free
		awaitCluster(t, client)
		t.Cleanup(func() {
			if err := client.FlushAll(context.WithoutCancel(t.Context())).Err(); err != nil {
				t.Error(err)
			}
			free <- client
		})
		return client
	})
}

// startCluster runs a cluster of one node that serves every slot.
func startCluster(t *testing.T) redis.UniversalClient {
	t.Helper()
	server := redistest.Start(t, redistest.Lines("cluster-enabled yes"))
	if err := server.Client(t).Do(t.Context(), "CLUSTER", "ADDSLOTSRANGE", 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{server.Addr()}})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// awaitCluster returns when the cluster accepts writes.
func awaitCluster(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for client.Set(t.Context(), "probe", 1, 0).Err() != nil {
		select {
		case <-poll.C:
		case <-t.Context().Done():
			t.Fatal("the cluster did not come up")
		}
	}
	if err := client.Del(t.Context(), "probe").Err(); err != nil {
		t.Fatal(err)
	}
}
