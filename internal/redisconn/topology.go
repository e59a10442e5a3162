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
	// server returns the one to which the client sends the key's commands.
	server(ctx context.Context, key string) (redis.Cmdable, error)
	// survey asks everybody else who is master of the key.
	survey(ctx context.Context, key string) survey
	// confirmed records how many replicas have confirmed a write.
	confirmed(ctx context.Context, replicas int) error
	// slots returns those of the hash tags that have to be checked one by one.
	slots(tags []string) []string
}

// survey is what the others know of a key's master.
type survey struct {
	// replicas are those that it should have, 0 if nobody knows of any.
	replicas int
	// master is what the server that they name reports; nil if there is nobody to ask.
	master *replication
	// moving says why the master may be about to be another; "" if they agree.
	moving string
}

// surveyPatience bounds the wait for the answers of a survey.
const surveyPatience = 2 * time.Second

// sentinelAddr is the address that go-redis gives to a client that asks sentinels for its master.
const sentinelAddr = "FailoverClient"

// topologyOf returns what can be asked about the Redis at the URL, which matters only with sentinels.
func topologyOf(client redis.Cmdable, rawURL string) (topology, error) {
	switch client := client.(type) {
	case *redis.ClusterClient:
		return &clusterNodes{client: client}, nil
	case *redis.Client:
		if client.Options().Addr != sentinelAddr {
			return single{client}, nil
		}
		options, err := Parse(rawURL)
		if err == nil && options.Mode != Sentinel {
			err = errors.New("the URL names no sentinels")
		}
		if err != nil {
			return nil, err
		}
		return &sentinels{client: client, options: options, addrs: options.Addrs}, nil
	}
	return nil, fmt.Errorf("a client of type %T does not tell its master", client)
}

const (
	// replicasKey remembers on a single server how many replicas it had.
	replicasKey = "havip:replicas"
	// replicasTTL is as long as the server itself remembers its last replica.
	replicasTTL = time.Hour
)

// single is one server. Nobody else knows of its replicas, so their number is stored on it: otherwise one of
// several could go unnoticed.
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
