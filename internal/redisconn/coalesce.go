package redisconn

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// batchTimeout bounds the wait for the answers to one batch of a coalesced client, and so for how long a connection that
// hangs holds up what comes behind it.
const batchTimeout = 3 * time.Second

// Coalesce returns a view of the client that sends what many goroutines ask at the same time in one round trip: scripts,
// and the few commands that stand beside them on an item's way. Anything else goes as it does on the client, whose Close
// ends both. What is given up because its context has ended may still be carried out, as where an answer is lost.
//
// The client of a cluster is returned as it is: there, a batch would wait for the slowest of the masters.
func Coalesce(client redis.UniversalClient) redis.UniversalClient {
	single, ok := client.(*redis.Client)
	if !ok {
		return client
	}
	together, err := single.WithTimeout(batchTimeout).AsyncAutoPipeline()
	if err != nil { // by its options, which are go-redis's own
		return client
	}
	return &coalesced{client, together}
}

type coalesced struct {
	redis.UniversalClient
	together *redis.AutoPipeliner
}

// AddHook adds a hook to both ways.
func (c *coalesced) AddHook(hook redis.Hook) {
	c.UniversalClient.AddHook(hook)
	c.together.AddHook(hook)
}

// EvalSha is called by all scripts; where Redis does not know one, it goes by Eval, on its own.
func (c *coalesced) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	all := make([]any, 0, 3+len(keys)+len(args))
	all = append(all, "evalsha", sha1, len(keys))
	for _, key := range keys {
		all = append(all, key)
	}
	return submit(ctx, c, redis.NewCmd(ctx, append(all, args...)...), redis.NewCmd(ctx))
}

func (c *coalesced) HSetNX(ctx context.Context, key, field string, value any) *redis.BoolCmd {
	return submit(ctx, c, redis.NewBoolCmd(ctx, "hsetnx", key, field, value), redis.NewBoolCmd(ctx))
}

func (c *coalesced) SRem(ctx context.Context, key string, members ...any) *redis.IntCmd {
	return submit(ctx, c, redis.NewIntCmd(ctx, append([]any{"srem", key}, members...)...), redis.NewIntCmd(ctx))
}

// submit sends a command with others, and waits for its answer no longer than ctx allows. Failed is what it returns
// where the command has not been carried out by then, which belongs to whoever sends it.
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
