package queue

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/tasks"
)

// RangeSize limits how much of a list or set is read from one end.
const RangeSize = 1000

// namesKey is asynq's set of the names of all queues.
const namesKey = "asynq:queues"

// Queue is asynq's queue of one lane, or another queue of this project. It is safe for concurrent use.
type Queue struct {
	// Lane is zero for a queue without a lane.
	Lane tasks.Lane
	name string

	rdb redis.Cmdable
}

// Of returns the queue of a lane. It does no I/O.
func Of(rdb redis.Cmdable, lane tasks.Lane) *Queue {
	return &Queue{Lane: lane, name: lane.Queue(), rdb: rdb}
}

// Named returns a queue without a lane. It does no I/O.
func Named(rdb redis.Cmdable, name string) *Queue { return &Queue{name: name, rdb: rdb} }

// Key returns the key of one of the queue's lists and sets, such as "pending". They share a hash tag, so that a script can use
// all of them in a Redis Cluster.
func (q *Queue) Key(name string) string { return "asynq:{" + q.name + "}:" + name }

// taskPrefix comes before a task's ID in the key of its hash.
func (q *Queue) taskPrefix() string { return q.Key("t:") }

// Publish adds the lanes' queues to asynq's list of queues. asynq does so only once per process: after a flush, or a failover
// that lost the last second, they would be invisible.
func Publish(ctx context.Context, rdb redis.Cmdable, lanes []tasks.Lane) error {
	names := make([]any, len(lanes))
	for i, lane := range lanes {
		names[i] = lane.Queue()
	}
	return publish(ctx, rdb, names...)
}

// Publish adds this queue to asynq's list of queues.
func (q *Queue) Publish(ctx context.Context) error { return publish(ctx, q.rdb, q.name) }

func publish(ctx context.Context, rdb redis.Cmdable, names ...any) error {
	if len(names) == 0 {
		return nil
	}
	if err := rdb.SAdd(ctx, namesKey, names...).Err(); err != nil {
		return fmt.Errorf("publish queues: %w", err)
	}
	return nil
}

// Lanes returns the lanes that have a queue, in no particular order. Queues of other programs are left out.
func Lanes(ctx context.Context, rdb redis.Cmdable) ([]tasks.Lane, error) {
	names, err := rdb.SMembers(ctx, namesKey).Result()
	if err != nil {
		return nil, fmt.Errorf("list queues: %w", err)
	}
	var lanes []tasks.Lane
	for _, name := range names {
		if lane, ours := laneOf(name); ours {
			lanes = append(lanes, lane)
		}
	}
	return lanes, nil
}

// laneOf parses a queue's name. Neither an account nor a region contains a dot.
func laneOf(name string) (tasks.Lane, bool) {
	parts := strings.Split(name, ".")
	if len(parts) != 3 {
		return tasks.Lane{}, false
	}
	lane, err := tasks.ParseLane(parts[1] + "/" + parts[2])
	return lane, err == nil && lane.Queue() == name
}

// Sizes counts the tasks of a lane by asynq state.
type Sizes struct{ Pending, Active, Scheduled, Retry, Archived int64 }

// Waiting counts the tasks that a worker will run.
func (s Sizes) Waiting() int64 { return s.Pending + s.Active + s.Scheduled + s.Retry }

// Sizes counts the tasks in constant time.
func (q *Queue) Sizes(ctx context.Context) (s Sizes, err error) {
	lists := map[string]*int64{"pending": &s.Pending, "active": &s.Active}
	sets := map[string]*int64{"scheduled": &s.Scheduled, "retry": &s.Retry, "archived": &s.Archived}
	counts := map[*int64]*redis.IntCmd{}
	_, err = q.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for name, into := range lists {
			counts[into] = pipe.LLen(ctx, q.Key(name))
		}
		for name, into := range sets {
			counts[into] = pipe.ZCard(ctx, q.Key(name))
		}
		return nil
	})
	if err != nil {
		return Sizes{}, fmt.Errorf("sizes of queue %s: %w", q.name, err)
	}
	for into, count := range counts {
		*into = count.Val()
	}
	return s, nil
}

// gone reports whether a task or its queue no longer exists.
func gone(err error) bool {
	return errors.Is(err, asynq.ErrTaskNotFound) || errors.Is(err, asynq.ErrQueueNotFound)
}

//go:embed lua/*.lua
var sources embed.FS

func script(name string) *redis.Script {
	text, err := sources.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(fmt.Sprintf("queue: embedded script: %v", err))
	}
	return redis.NewScript(string(text))
}
