package redisconn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// topology finds the servers that have a key.
type topology interface {
	// server returns the server to which the client sends the key's commands.
	server(ctx context.Context, key string) (redis.Cmdable, error)
	// survey asks all other servers which one is the key's master.
	survey(ctx context.Context, key string) survey
	// confirmed records how many replicas have confirmed a write.
	confirmed(ctx context.Context, replicas int) error
	// slots returns the hash tags that must be checked separately.
	slots(tags []string) []string
}

// survey is what the other servers report about a key's master.
type survey struct {
	// replicas is how many it should have, 0 if none are known.
	replicas int
	// master is what the named master reports; nil if no other server was asked.
	master *replication
	// moving says why the master may be about to change; "" if all agree.
	moving string
}

// surveyPatience limits the wait for the answers of a survey.
const surveyPatience = 2 * time.Second

// sentinelAddr is go-redis's placeholder address of a client with sentinels.
const sentinelAddr = "FailoverClient"

// topologyOf returns the topology of the client's Redis. The URL matters only with sentinels.
func topologyOf(ctx context.Context, client redis.Cmdable, rawURL string) (topology, error) {
	switch client := client.(type) {
	case *redis.ClusterClient:
		return &clusterNodes{client: client}, nil
	case *redis.Client:
		if client.Options().Addr != sentinelAddr {
			return single{client}, nil
		}
		options, err := Parse(ctx, rawURL)
		if err == nil && options.Mode != Sentinel {
			err = errors.New("the URL names no sentinels")
		}
		if err != nil {
			return nil, err
		}
		return &sentinels{client: client, options: options, addrs: options.Addrs}, nil
	}
	return nil, fmt.Errorf("a client of type %T does not report its master", client)
}

const (
	// replicasKey stores on a single server how many replicas it had.
	replicasKey = "havip:replicas"
	// replicasTTL is how long the server itself remembers its last replica.
	replicasTTL = time.Hour
)

// single is one server. No other server reports its replicas, so their number is stored on it: otherwise the loss of
// one of several could go unnoticed.
type single struct{ client *redis.Client }

func (t single) server(context.Context, string) (redis.Cmdable, error) { return t.client, nil }

func (t single) survey(ctx context.Context, _ string) survey {
	n, err := t.client.Get(ctx, replicasKey).Int()
	if err != nil {
		return survey{} // the check asks the server itself, and reports its error
	}
	return survey{replicas: n}
}

func (t single) confirmed(ctx context.Context, replicas int) error {
	return t.client.Set(ctx, replicasKey, replicas, replicasTTL).Err()
}

func (single) slots(tags []string) []string { return tags[:1] }
