package audit

import (
	"context"
	"embed"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"havip/tasks"
)

//go:embed lua/*.lua
var sources embed.FS

func script(name string) *redis.Script {
	text, err := sources.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(fmt.Sprintf("audit: embedded script: %v", err))
	}
	return redis.NewScript(string(text))
}

// queueKeys are asynq's keys of a lane's queue, as of v0.26. They share a hash tag, so that a script
// may use all of them in a Redis Cluster.
type queueKeys string

func keysOf(lane tasks.Lane) queueKeys { return queueKeys("asynq:{" + lane.Queue() + "}:") }

func (k queueKeys) key(name string) string { return string(k) + name }

// taskPrefix comes before a task's ID in the key of its hash.
func (k queueKeys) taskPrefix() string { return k.key("t:") }

// laneOfQueue reads a lane's queue back. An account holds no dot, nor does a region.
func laneOfQueue(queue string) (tasks.Lane, bool) {
	parts := strings.Split(queue, ".")
	if len(parts) != 3 {
		return tasks.Lane{}, false
	}
	lane, err := tasks.ParseLane(parts[1] + "/" + parts[2])
	return lane, err == nil && lane.Queue() == queue
}

// sizes are how many tasks of a lane stand where.
type sizes struct{ pending, active, scheduled, retry, archived int64 }

// waiting counts the tasks that a worker would carry out.
func (s sizes) waiting() int64 { return s.pending + s.active + s.scheduled + s.retry }

func (x *examination) sizes(ctx context.Context, lane tasks.Lane) (sizes, error) {
	k := keysOf(lane)
	var lists [2]*redis.IntCmd
	var sets [3]*redis.IntCmd
	_, err := x.Redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		lists = [2]*redis.IntCmd{pipe.LLen(ctx, k.key("pending")), pipe.LLen(ctx, k.key("active"))}
		sets = [3]*redis.IntCmd{
			pipe.ZCard(ctx, k.key("scheduled")), pipe.ZCard(ctx, k.key("retry")), pipe.ZCard(ctx, k.key("archived")),
		}
		return nil
	})
	return sizes{
		pending: lists[0].Val(), active: lists[1].Val(),
		scheduled: sets[0].Val(), retry: sets[1].Val(), archived: sets[2].Val(),
	}, err
}
