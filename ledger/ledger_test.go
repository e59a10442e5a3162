package ledger_test

import (
	"context"
	"runtime/debug"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"havip/internal/redisconn"
	"havip/test/ledgertest"
	"havip/test/redistest"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(50) // the race detector takes several times the heap that miniredis's scripts fill
	m.Run()
}

func TestLedgerOnRedis(t *testing.T) {
	t.Parallel()
	exerciseOnFew(t, func(t *testing.T) redis.UniversalClient {
		t.Helper()
		return redistest.Start(t).Client(t)
	})
}

const (
	// smallBuffer keeps a hundred clients small.
	smallBuffer = 4 << 10
	// patience bounds one answer of a slow machine: a client that gave up would ask again.
	patience = 5 * time.Minute
)

func TestLedgerOnMiniredis(t *testing.T) {
	t.Parallel()
	ledgertest.Exercise(t, func(t *testing.T) redis.UniversalClient {
		t.Helper()
		client := redis.NewClient(&redis.Options{
			Addr:        miniredis.RunT(t).Addr(),
			ReadTimeout: patience, WriteTimeout: patience,
			ReadBufferSize: smallBuffer, WriteBufferSize: smallBuffer, PipelinePoolSize: -1,
		})
		t.Cleanup(func() { _ = client.Close() })
		return client
	})
}

// In cluster mode Redis refuses every script and transaction whose keys are of several slots.
func TestLedgerOnCluster(t *testing.T) {
	t.Parallel()
	exerciseOnFew(t, startCluster)
}

// As workers call it: what many ask at the same time goes together.
func TestLedgerOnCoalescedRedis(t *testing.T) {
	t.Parallel()
	exerciseOnFew(t, func(t *testing.T) redis.UniversalClient {
		t.Helper()
		return redisconn.Coalesce(redistest.Start(t).Client(t))
	})
}

// exerciseOnFew has the tests take turns on a few servers, which are emptied between: a hundred starts cost
// more than the tests, and a cluster takes two seconds to accept writes.
func exerciseOnFew(t *testing.T, start func(*testing.T) redis.UniversalClient) {
	t.Helper()
	const servers = 4
	free := make(chan redis.UniversalClient, servers)
	for range servers {
		free <- start(t)
	}
	ledgertest.Exercise(t, func(t *testing.T) redis.UniversalClient {
		t.Helper()
		client := <-free
		awaitWritable(t, client)
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
	client := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs:       []string{server.Addr()},
		ReadTimeout: patience, WriteTimeout: patience,
		ReadBufferSize: smallBuffer, WriteBufferSize: smallBuffer, PipelinePoolSize: -1,
	})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// awaitWritable returns when the server accepts writes.
func awaitWritable(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for client.Set(t.Context(), "probe", 1, 0).Err() != nil {
		select {
		case <-poll.C:
		case <-t.Context().Done():
			t.Fatal("the server accepts no writes")
		}
	}
	if err := client.Del(t.Context(), "probe").Err(); err != nil {
		t.Fatal(err)
	}
}
