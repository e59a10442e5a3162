package redisconn

import (
	"testing"
	"time"

	"havip/test/redistest"
)

// A master of a cluster dies: its successor is found soon after there is one. Left alone, go-redis
// reads the cluster's map once a minute, and not when a connection is refused.
func TestCluster_failover(t *testing.T) {
	t.Parallel()
	const soon = 20 * time.Second
	cluster := redistest.StartCluster(t)
	client := connect(t, cluster.URL())
	awaitWritable(t, client)
	master, replica := cluster.Owner(t, "writable")
	master.Kill()
	cluster.AwaitPromotion(t, replica)
	promoted := time.Now()
	awaitWritable(t, client)
	if took := time.Since(promoted); took > soon {
		t.Errorf("the successor was found after %s, want less than %s", took, soon)
	}
	assertHeals(t, client)
}
