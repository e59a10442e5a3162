package redisconn

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// A replica is stale from the moment that its link to the master is down. A master and a replica that follows one are not.
func TestStale(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	replica := redistest.Start(t, redistest.ReplicaOf(master))
	orphan := redistest.Start(t, redistest.Lines("replicaof 127.0.0.1 1"))
	redistest.AwaitReplica(t, master)
	for name, server := range map[string]*redistest.Server{"master": master, "replica": replica} {
		if text := askStale(t.Context(), t, connect(t, server.URL())); text != "" {
			t.Errorf("%s: %s", name, text)
		}
	}
	if text := askStale(t.Context(), t, connect(t, orphan.URL())); !strings.Contains(text, "127.0.0.1:1 yet") {
		t.Errorf("a replica that never had a link: %q", text)
	}
	following := connect(t, replica.URL())
	master.Kill()
	redistest.Poll(t, "the link is down", func(ctx context.Context) error {
		if text := askStale(ctx, t, following); !strings.Contains(text, master.Addr()+" for ") {
			return errors.New("not yet: " + text)
		}
		return nil
	})
}

func askStale(ctx context.Context, t *testing.T, client redis.UniversalClient) string {
	t.Helper()
	var answer *redis.StringCmd
	_, err := client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		answer = AskReplication(ctx, client, pipe)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return Stale(answer)
}

// A cluster's masters answer, and a server may answer nothing.
func TestStale_unknown(t *testing.T) {
	t.Parallel()
	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}})
	defer func() { _ = cluster.Close() }()
	pipe := cluster.Pipeline()
	if text := Stale(AskReplication(t.Context(), cluster, pipe)); text != "" || pipe.Len() != 0 {
		t.Errorf("%q, %d commands", text, pipe.Len())
	}
}
