package redisconn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// replicaPatience bounds the wait for a replica, which lags by milliseconds when all is well.
const replicaPatience = 2 * time.Second

// ErrNotReplicated says that a failover could still forget what was written.
var ErrNotReplicated = errors.New("no replica of Redis has confirmed it")

// AwaitReplicas returns when all that was written so far under the hash tags is on a replica too.
// Servers without a replica, or that tell of none, are not waited for. A Redis acknowledges a write
// before it passes it on, in order: a replica that takes its place may lack the last of what was
// acknowledged.
func AwaitReplicas(ctx context.Context, client redis.UniversalClient, tags ...string) error {
	return awaitReplicas(ctx, client, replicaPatience, tags)
}

func awaitReplicas(ctx context.Context, client redis.UniversalClient, patience time.Duration, tags []string) error {
	asked := map[*redis.Client]bool{}
	for _, tag := range tags {
		key := "havip:{" + tag + "}:replicated"
		master, err := masterOf(ctx, client, key)
		if err == nil && !asked[master] {
			asked[master] = true
			err = awaitOne(ctx, master, key, patience)
		}
		if err != nil {
			return fmt.Errorf("await replicas: %w", err)
		}
	}
	return nil
}

// awaitOne waits for one replica of the master.
func awaitOne(ctx context.Context, master *redis.Client, key string, patience time.Duration) error {
	info, err := master.Info(ctx, "replication").Result()
	if err != nil && !isReply(err) {
		return err
	}
	if replicas := parseInfo(info)["connected_slaves"]; replicas == "" || replicas == "0" {
		return nil
	}
	confirmed, err := confirm(ctx, master, key, patience)
	if err == nil && !confirmed {
		err = ErrNotReplicated
	}
	return err
}

// masterOf returns the server that has the key.
func masterOf(ctx context.Context, client redis.UniversalClient, key string) (*redis.Client, error) {
	switch client := client.(type) {
	case *redis.ClusterClient:
		return client.MasterForKey(ctx, key)
	case *redis.Client:
		return client, nil
	}
	return nil, fmt.Errorf("a client of type %T tells no master", client)
}

// confirm writes and waits on one connection: WAIT is about the writes of its own, and a write stands
// for all before it.
func confirm(ctx context.Context, master *redis.Client, key string, patience time.Duration) (bool, error) {
	conn := master.Conn()
	defer func() { _ = conn.Close() }()
	if err := conn.Set(ctx, key, 1, time.Minute).Err(); err != nil {
		return false, err
	}
	n, err := conn.Wait(ctx, 1, patience).Result()
	return n > 0, err
}
