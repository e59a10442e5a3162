package redisconn

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// writers write repeatedly, each time with a new check.
type writers struct {
	over chan struct{}
	wg   sync.WaitGroup

	mu sync.Mutex
	// verified are the keys that the check verified.
	verified []string
	others   int
}

func startWriters(t *testing.T, url string) *writers {
	t.Helper()
	w := &writers{over: make(chan struct{})}
	for i := range 8 {
		client := connect(t, url)
		w.wg.Go(func() { w.write(t, client, url, "{b}"+strconv.Itoa(i)+"-") })
	}
	return w
}

func (w *writers) write(t *testing.T, client redis.UniversalClient, url, prefix string) {
	t.Helper()
	for i := 0; ; i++ {
		select {
		case <-w.over:
			return
		default:
		}
		key := prefix + strconv.Itoa(i)
		ok := checkedWrite(t, client, url, key)
		w.mu.Lock()
		if ok {
			w.verified = append(w.verified, key)
		} else {
			w.others++
		}
		w.mu.Unlock()
	}
}

// checkedWrite reports whether a write succeeds and is verified. It does not wait for a failover to end before it
// starts, so that many start during one.
func checkedWrite(t *testing.T, client redis.UniversalClient, url, key string) bool {
	t.Helper()
	topology, err := topologyOf(t.Context(), client, url)
	if err != nil {
		t.Error(err)
		return false
	}
	s := &shard{marker: "{b}marker-" + key}
	c := &ReplicationCheck{topology: topology, shards: []*shard{s}, lag: time.Second}
	if err := c.begin(t.Context(), s); err != nil {
		return false
	}
	s.unsettled, c.failover = nil, time.Second // what follows has to find it
	return client.Set(t.Context(), key, "v", 0).Err() == nil && c.Verify(t.Context()) == nil
}

// awaitMore waits until so many more writes are verified.
func (w *writers) awaitMore(t *testing.T, n int) {
	t.Helper()
	want := w.count() + n
	redistest.Poll(t, "verified writes", func(context.Context) error {
		if have := w.count(); have < want {
			return fmt.Errorf("%d of %d", have, want)
		}
		return nil
	})
}

func (w *writers) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.verified)
}

// requireKept stops the writers and checks that all verified keys exist.
func (w *writers) requireKept(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	close(w.over)
	w.wg.Wait()
	lost := 0
	for _, key := range w.verified {
		if n, err := client.Exists(t.Context(), key).Result(); err != nil || n == 0 {
			lost++
		}
	}
	t.Logf("%d verified, of which %d are lost; %d not", len(w.verified), lost, w.others)
	if lost > 0 {
		t.Errorf("%d of %d verified writes are lost", lost, len(w.verified))
	}
}

// Writes verified during a planned failover exist after it.
func TestReplicationCheck_underFailover(t *testing.T) {
	t.Parallel()
	testUnderFailovers(t, 1, 1)
}

// The same many times, also with a second replica, which follows the old master longest.
func TestSlowReplicationCheck_underFailovers(t *testing.T) {
	t.Parallel()
	for _, replicas := range []int{1, 2} {
		t.Run(strconv.Itoa(replicas), func(t *testing.T) {
			t.Parallel()
			testUnderFailovers(t, replicas, 8)
		})
	}
}

func testUnderFailovers(t *testing.T, replicas, times int) {
	t.Helper()
	master, _ := replicated(t, replicas)
	sentinel, url := sentinelURL(t, master)
	w := startWriters(t, url)
	for range times {
		w.awaitMore(t, 20)
		old := sentinel.Master(t)
		sentinel.Failover(t)
		sentinel.AwaitFailover(t, old)
	}
	w.awaitMore(t, 10)
	w.requireKept(t, connect(t, url))
}

// The same with a replica that takes over a cluster's slots without the master's consent.
func TestReplicationCheck_underTakeover(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	url := redistest.Patient(cluster.URL())
	old, replica := cluster.Owner(t, "{b}")
	w := startWriters(t, url)
	for _, next := range []*redistest.Server{replica, old, replica, old} {
		w.awaitMore(t, 20)
		cluster.Promote(t, next)
		awaitConnected(t, next.Client(t), 1)
	}
	w.awaitMore(t, 10)
	w.requireKept(t, connect(t, url))
}
