package redisconn

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// batchTimeout limits the wait for the answers to one batch of a coalesced client, and so how long a hanging connection
// delays later commands.
const batchTimeout = 3 * time.Second

// Coalesce returns a view of the client that sends concurrent commands of many goroutines in one round trip: scripts, and
// the few other commands that an item needs. Other commands are sent by the client itself, whose Close closes both. A command
// whose context has ended may still be executed, as if its answer were lost.
//
// The client of a cluster is returned unchanged, because a batch would wait for the slowest master.
func Coalesce(client redis.UniversalClient) redis.UniversalClient {
	single, ok := client.(*redis.Client)
	if !ok {
		return client
	}
	together, err := single.WithTimeout(batchTimeout).AsyncAutoPipeline()
	if err != nil { // an error of go-redis's options
		return client
	}
	once, err := single.WithTimeout(batchTimeout).AsyncAutoPipeline()
	if err != nil {
		return client
	}
	return &coalesced{client, together, once}
}

type coalesced struct {
	redis.UniversalClient
	// together sends what go-redis may repeat; once, for a [QueueClient], what it must not: go-redis splits a batch that has
	// both.
	together, once *redis.AutoPipeliner
}

// AddHook adds a hook for coalesced and other commands.
func (c *coalesced) AddHook(hook redis.Hook) {
	c.UniversalClient.AddHook(hook)
	c.together.AddHook(hook)
	c.once.AddHook(hook)
}

// EvalSha coalesces scripts. One that Redis does not know yet is sent by Eval, which is not coalesced.
func (c *coalesced) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	return submit(ctx, c, scriptCmd(ctx, "evalsha", sha1, keys, args), redis.NewCmd(ctx))
}

func (c *coalesced) HSetNX(ctx context.Context, key, field string, value any) *redis.BoolCmd {
	return submit(ctx, c, redis.NewBoolCmd(ctx, "hsetnx", key, field, value), redis.NewBoolCmd(ctx))
}

func (c *coalesced) SRem(ctx context.Context, key string, members ...any) *redis.IntCmd {
	return submit(ctx, c, redis.NewIntCmd(ctx, append([]any{"srem", key}, members...)...), redis.NewIntCmd(ctx))
}

// submit sends a command with others, and waits for its answer until ctx ends. It then returns failed instead of the command,
// which the sending goroutine still uses.
func submit[C redis.Cmder](ctx context.Context, c *coalesced, cmd, failed C) C {
	err := ctx.Err()
	if err == nil {
		err = c.together.Submit(ctx, cmd).WaitContext(ctx)
		if err == nil || ctx.Err() == nil {
			return cmd
		}
	}
	failed.SetErr(err)
	return failed
}
