package redistest_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// A cluster serves every key, and goes on when the master of one is killed.
func TestStartCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	master, replica := cluster.Owner(t, "k")
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{replica.Addr()}})
	defer func() { _ = client.Close() }()
	if err := client.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if kept, err := master.Client(t).Exists(t.Context(), "k").Result(); err != nil || kept != 1 {
		t.Errorf("the key's owner has %d of it: %v", kept, err)
	}
	master.Kill()
	cluster.Promote(t, replica)
}
