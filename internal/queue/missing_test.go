package queue

import (
	"context"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"havip/ledger"
)

// pipelines counts the commands that travel together.
type pipelines struct {
	redis.Hook
	commands int
}

func (p *pipelines) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (p *pipelines) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (p *pipelines) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		p.commands += len(cmds)
		return next(ctx, cmds)
	}
}

// Any program with access to Redis can set any generation.
func TestWithoutTaskIsBounded(t *testing.T) {
	t.Parallel()
	rdb := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	defer func() { _ = rdb.Close() }()
	counted := &pipelines{}
	rdb.AddHook(counted)
	item := ledger.Item{Batch: "b", Record: ledger.Record{State: ledger.Queued, Generation: 2_000_000}}
	item.Key, item.Account, item.Region = "k", "default", "bj"
	without, err := WithoutTask(t.Context(), rdb, []ledger.Item{item})
	if err != nil || len(without) != 1 {
		t.Errorf("without a task: %v, %v", without, err)
	}
	if counted.commands > 100 {
		t.Errorf("%d look-ups for one item", counted.commands)
	}
}
