package redisconn

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// replicaPatience bounds the wait for a replica, which lags by milliseconds when all is well.
const replicaPatience = 2 * time.Second

// ErrNotReplicated says that a failover could still forget what was written.
var ErrNotReplicated = errors.New("not every replica of Redis has confirmed it")

// AwaitReplicas returns when all that was written so far under the hash tags is on every replica too, and
// the server that took it is still the master. A Redis acknowledges a write before it passes it on, in
// order: a replica that takes its place may lack the last of what was acknowledged. A server without a
// replica is not waited for, unless sentinels watch it: it has lost them, or one of them is being promoted.
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
			err = awaitOne(ctx, client, master, key, patience)
		}
		if err != nil {
			return fmt.Errorf("await replicas: %w", err)
		}
	}
	return nil
}

// awaitOne waits for the replicas of the master.
func awaitOne(ctx context.Context, client redis.UniversalClient, master *redis.Client, key string, patience time.Duration) error {
	replicas, err := replicasOf(ctx, master)
	if err != nil {
		return err
	}
	if replicas == 0 {
		if master.Options().Addr == sentinelAddr {
			return fmt.Errorf("%w: the master has no replica now", ErrNotReplicated)
		}
		return nil
	}
	confirmed, err := confirm(ctx, master, key, replicas, patience)
	if err != nil {
		return err
	}
	if confirmed < replicas {
		return fmt.Errorf("%w: %d of %d did", ErrNotReplicated, confirmed, replicas)
	}
	return stillMaster(ctx, client, key, replicas)
}

// stillMaster fails when a failover has begun since: what an old master acknowledged is not on the new one.
func stillMaster(ctx context.Context, client redis.UniversalClient, key string, replicas int) error {
	if cluster, ok := client.(*redis.ClusterClient); ok {
		cluster.ReloadState(ctx)
	}
	master, err := masterOf(ctx, client, key)
	if err != nil {
		return err
	}
	now, err := replicasOf(ctx, master)
	if err != nil {
		return err
	}
	if now < replicas {
		return fmt.Errorf("%w: the master had %d replicas and now has %d", ErrNotReplicated, replicas, now)
	}
	return nil
}

// sentinelAddr is the address that go-redis gives to a client that asks sentinels for its master.
const sentinelAddr = "FailoverClient"

// replicasOf returns how many replicas are connected to the server; one that tells of none has 0.
func replicasOf(ctx context.Context, server *redis.Client) (int, error) {
	text, err := server.Info(ctx, "replication").Result()
	if err != nil && !isReply(err) {
		return 0, err
	}
	info := parseInfo(text)
	if info["role"] == "slave" {
		return 0, fmt.Errorf("%w: the server has become a replica", ErrNotReplicated)
	}
	if info["connected_slaves"] == "" {
		return 0, nil
	}
	return strconv.Atoi(info["connected_slaves"])
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
func confirm(ctx context.Context, master *redis.Client, key string, replicas int, patience time.Duration) (int, error) {
	conn := master.Conn()
	defer func() { _ = conn.Close() }()
	if err := conn.Set(ctx, key, 1, time.Minute).Err(); err != nil {
		return 0, err
	}
	n, err := conn.Wait(ctx, replicas, patience).Result()
	return int(n), err
}
