package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/internal/redisconn"
)

// queuesAtOnce bounds how many queues one script reads: in a millisecond at most.
const queuesAtOnce = 100

var statesScript = script("states")

// State is what a queue has.
type State struct {
	// Tasks reports whether it has a task in any state, archived ones included.
	Tasks bool
	// Pending reports whether a task is pending, even if the queue is paused.
	Pending bool
	// Due reports whether an asynq server has something to do now: to run a pending task of a queue that is not paused, to make
	// a delayed one pending, to recover an active one, or to delete a completed one. A delayed task that is not due yet needs
	// no server.
	Due bool
}

// Clustered reports whether Redis is a cluster, in which each queue is read by a command of its own.
func Clustered(rdb redis.Cmdable) bool {
	_, clustered := redisconn.Full(rdb).(*redis.ClusterClient)
	return clustered
}

// States returns the states of asynq's queues, with one command for all queues or, in a cluster, for each. Now is the clock
// of asynq's servers. With an error, it returns the states that could be read.
func States(ctx context.Context, rdb redis.Cmdable, queues []string, now time.Time) (map[string]State, error) {
	atOnce := queuesAtOnce
	if Clustered(rdb) {
		atOnce = 1
	}
	states, errs := map[string]State{}, []error(nil)
	for some := range slices.Chunk(queues, atOnce) {
		keys := make([]string, len(some))
		for i, name := range some {
			keys[i] = PendingKey(name)
		}
		sums, err := statesScript.Run(ctx, rdb, keys, now.Unix()).Int64Slice()
		if err == nil && len(sums) != len(some) {
			err = fmt.Errorf("unexpected answer %v from a script", sums)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("states of %d queues from %s: %w", len(some), some[0], err))
			continue
		}
		for i, sum := range sums {
			states[some[i]] = State{Tasks: sum&1 != 0, Pending: sum&2 != 0, Due: sum&4 != 0}
		}
	}
	return states, errors.Join(errs...)
}

// PendingKey returns the key of a queue's pending list.
func PendingKey(queue string) string { return (&Queue{name: queue}).Key("pending") }
