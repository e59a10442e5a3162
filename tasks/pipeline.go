package tasks

import (
	"fmt"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// With several small batches in flight, Redis processes one while the client reads the replies to another. With
// go-redis's default of one, each waits for the other.
const (
	pipelineBatch   = 64
	pipelineBatches = 4

	// closeTimeout limits closing a pipeline to a Redis that hangs, in which calls were given up.
	closeTimeout = time.Second
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

// PipelinedProducer returns a producer over a [Pipeline] to rdb, which has to be a [redis.UniversalClient], and what releases
// it.
func PipelinedProducer(records ProducerLedger, rdb redis.Cmdable) (p *Producer, release func(), err error) {
	pipe, release, err := Pipeline(rdb.(redis.UniversalClient)) //nolint:forcetypeassert // as documented
	if err != nil {
		return nil, nil, err
	}
	return NewProducer(records, asynq.NewClientFromRedisClient(pipe), pipe), release, nil
}

// PipelinedDispatcher is [PipelinedProducer] for a dispatcher.
func PipelinedDispatcher(rdb redis.Cmdable) (d *Dispatcher, release func(), err error) {
	pipe, release, err := Pipeline(rdb.(redis.UniversalClient)) //nolint:forcetypeassert // as documented
	if err != nil {
		return nil, nil, err
	}
	return NewDispatcher(asynq.NewClientFromRedisClient(pipe), asynq.NewInspectorFromRedisClient(pipe)), release, nil
}

func (p *pipeline) release(rdb redis.UniversalClient) {
	pipelines.Lock()
	defer pipelines.Unlock() // after Close has begun: until then, go-redis gives the same pipeline to the next user
	if p.users--; p.users > 0 {
		return
	}
	delete(pipelines.open, rdb)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = p.Close()
	}()
	select {
	case <-closed:
	case <-time.After(closeTimeout):
	}
}
