package redistest

import (
	"context"
	"errors"
	"net"
	"testing"
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
