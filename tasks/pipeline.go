package tasks

import (
	"fmt"
	"sync"

	"github.com/redis/go-redis/v9"
)

// With several small batches in flight, Redis processes one while the client reads the replies to another. With
// go-redis's default of one, each waits for the other.
const (
	pipelineBatch   = 64
	pipelineBatches = 4
)

// pipelines are the open pipelines by client. go-redis shares one pipeline per client, and Close closes it for all
// users.
var pipelines = struct {
	sync.Mutex
	open map[redis.UniversalClient]*pipeline
}{open: map[redis.UniversalClient]*pipeline{}}

// pipeline is closed by the last of its users.
type pipeline struct {
	*redis.AutoPipeliner
	users int
}

// Pipeline returns a client over rdb that batches concurrent commands: it makes a [Producer] or [Dispatcher] many times
// faster. It is safe for concurrent use. The caller calls release once; rdb stays open. A client that go-redis cannot
// pipeline is returned unchanged.
func Pipeline(rdb redis.UniversalClient) (pipe redis.UniversalClient, release func(), err error) {
	pipelined, ok := rdb.(interface {
		AutoPipelineWithOptions(*redis.AutoPipelineOptions) (*redis.AutoPipeliner, error)
	})
	if !ok {
		return rdb, func() {}, nil
	}
	pipelines.Lock()
	defer pipelines.Unlock()
	p := pipelines.open[rdb]
	if p == nil {
		queue, err := pipelined.AutoPipelineWithOptions(&redis.AutoPipelineOptions{
			MaxBatchSize: pipelineBatch, MaxConcurrentBatches: pipelineBatches,
			Unordered: true, // tasks are independent
		})
		if err != nil {
			return nil, nil, fmt.Errorf("pipeline to redis: %w", err)
		}
		p = &pipeline{AutoPipeliner: queue}
		pipelines.open[rdb] = p
	}
	p.users++
	return p.AutoPipeliner, func() { p.release(rdb) }, nil
}

func (p *pipeline) release(rdb redis.UniversalClient) {
	pipelines.Lock()
	defer pipelines.Unlock()
	if p.users--; p.users == 0 {
		delete(pipelines.open, rdb)
		_ = p.Close()
	}
}
