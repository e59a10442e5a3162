package redisconn

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// After a master of a cluster died, its successor is found soon. By itself, go-redis
// reads the cluster's slots once a minute, and not when a connection is refused.
func TestCluster_failover(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	client := connect(t, cluster.URL())
	if every := client.(*redis.ClusterClient).Options().ClusterStateReloadInterval; every != time.Second {
		t.Errorf("the cluster's map is read every %s, want every second", every)
	}
	awaitWritable(t, client)
	master, replica := cluster.Owner(t, "writable")
	master.Kill()
	cluster.Promote(t, replica)
	awaitWritable(t, client)
	assertRepairs(t, client)
}
