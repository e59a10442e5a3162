package tasks

import (
	"fmt"
	"sync"

	"github.com/redis/go-redis/v9"
)

// With several small batches under way, Redis works on one while the answers to another are taken in; with
// a single one, which is go-redis's default, each of the two waits for the other.
const (
	pipelineBatch   = 64
	pipelineBatches = 4
)

// pipelines are the open pipelines by their clients. go-redis has one pipeline for each client, and closing it closes it
// for everybody.
var pipelines = struct {
	sync.Mutex
	open map[redis.UniversalClient]*pipeline
}{open: map[redis.UniversalClient]*pipeline{}}

// pipeline is closed by the last of its users.
type pipeline struct {
	*redis.AutoPipeliner
	users int
}

// Pipeline returns a client over rdb that sends together what many ask at once: a [Producer] and a [Dispatcher] over it are
// many times faster. It is safe for concurrent use, and the caller calls release once; rdb stays open. A client that
// go-redis cannot pipeline is returned as it is.
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
			Unordered: true, // a task does not care which one comes before it
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
