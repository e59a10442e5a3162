package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// ReplicaOf makes a server a replica of another.
func ReplicaOf(master *Server) Option {
	host, port, _ := net.SplitHostPort(master.Addr()) // it is one of ours
	return Lines("replicaof " + host + " " + port)
}

// AwaitReplica waits until a replica has all that the master was told.
func AwaitReplica(tb testing.TB, master *Server) {
	tb.Helper()
	client := master.Client(tb)
	Poll(tb, "the replica", func(ctx context.Context) error {
		n, err := client.Do(ctx, "wait", 1, 1000).Int()
		if err == nil && n != 1 {
			err = errors.New("not connected")
		}
		return err
	})
}

// AwaitReplicas waits until so many replicas follow the master.
func AwaitReplicas(tb testing.TB, master *Server, n int) {
	tb.Helper()
	Poll(tb, "the replicas", func(ctx context.Context) error { return follow(ctx, master.Addr(), strconv.Itoa(n)) })
}

// follow fails unless so many replicas have all that the master at the address has.
func follow(ctx context.Context, addr, replicas string) error {
	master := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true, ReadTimeout: patience})
	defer func() { _ = master.Close() }()
	info, err := master.InfoMap(ctx, "replication").Result()
	if err != nil {
		return err
	}
	facts := info["Replication"]
	if facts["role"] != "master" || facts["connected_slaves"] != replicas {
		return fmt.Errorf("want a master with %s replicas: %v", replicas, facts)
	}
	for name, value := range facts {
		if strings.HasPrefix(name, "slave") && strings.Contains(value, "state=") && !strings.Contains(value, "state=online") {
			return fmt.Errorf("%s: %s", name, value)
		}
	}
	return nil
}
