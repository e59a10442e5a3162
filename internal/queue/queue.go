package queue

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/tasks"
)

// RangeSize limits how much of a list or set is read from one end.
const RangeSize = 1000

// namesKey is asynq's set of the names of all queues.
const namesKey = "asynq:queues"

// Queue is one of asynq's queues of a lane, or another queue of this project. It is safe for concurrent use.
type Queue struct {
	// Lane is zero for a queue without a lane.
	Lane     tasks.Lane
	Priority tasks.Priority
	name     string

	rdb redis.Cmdable
}

// Named returns a queue without a lane. It does no I/O.
func Named(rdb redis.Cmdable, name string) *Queue { return &Queue{name: name, rdb: rdb} }

// Name is the queue's name in asynq.
func (q *Queue) Name() string { return q.name }

// Key returns the key of one of the queue's lists and sets, such as "pending". They share a hash tag, so that a script can use
// all of them in a Redis Cluster.
func (q *Queue) Key(name string) string { return "asynq:{" + q.name + "}:" + name }

// taskPrefix comes before a task's ID in the key of its hash.
func (q *Queue) taskPrefix() string { return q.Key("t:") }

// Subject names the queue for users: its lane, and its priority if that is not the normal one.
func (q *Queue) Subject() string {
	subject := "lane " + q.Lane.String()
	if q.Priority != tasks.PriorityNormal {
		subject += " (" + string(q.Priority) + " priority)"
	}
	return subject
}

// Publish adds the lanes' queues to asynq's list of queues. asynq does so only once per process: after a flush, or a failover
// that lost the last second, they would be invisible.
func Publish(ctx context.Context, rdb redis.Cmdable, lanes []tasks.Lane) error {
	var names []any
	for _, lane := range lanes {
		for _, p := range tasks.Priorities() {
			names = append(names, lane.QueueOf(p))
		}
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

// Published returns the queues of lanes that asynq lists, in no particular order. Queues of other programs are left out.
func Published(ctx context.Context, rdb redis.Cmdable) ([]*Queue, error) {
	names, err := rdb.SMembers(ctx, namesKey).Result()
	if err != nil {
		return nil, fmt.Errorf("list queues: %w", err)
	}
	var queues []*Queue
	for _, name := range names {
		if q := parse(rdb, name); q != nil {
			queues = append(queues, q)
		}
	}
	return queues, nil
}

// Lanes returns the lanes that have a queue, in no particular order.
func Lanes(ctx context.Context, rdb redis.Cmdable) ([]tasks.Lane, error) {
	queues, err := Published(ctx, rdb)
	if err != nil {
		return nil, err
	}
	var lanes []tasks.Lane
	for _, q := range queues {
		if !slices.Contains(lanes, q.Lane) {
			lanes = append(lanes, q.Lane)
		}
	}
	return lanes, nil
}

// parse returns the queue with this name; nil if it is no lane's. Neither an account nor a region contains a dot.
func parse(rdb redis.Cmdable, name string) *Queue {
	parts := strings.Split(name, ".")
	if len(parts) < 3 {
		return nil
	}
	lane, err := tasks.ParseLane(parts[1] + "/" + parts[2])
	if err != nil {
		return nil
	}
	for _, q := range Of(rdb, lane).All {
		if q.name == name {
			return q
		}
	}
	return nil
}

// Sizes counts the tasks of a queue by asynq state.
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
