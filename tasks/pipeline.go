package tasks

import (
	"fmt"

	"github.com/redis/go-redis/v9"
)

// With several small batches under way, Redis works on one while the answers to another are taken in; with
// a single one, which is go-redis's default, each of the two waits for the other.
const (
	pipelineBatch   = 64
	pipelineBatches = 4
)

// Pipeline returns a client over rdb that sends together what many ask at once: a [Producer] and a
// [Dispatcher] over it are many times faster. Whoever calls release ends it; rdb stays open. A client that
// go-redis cannot pipeline so is returned as it is.
func Pipeline(rdb redis.UniversalClient) (pipe redis.UniversalClient, release func(), err error) {
	pipelined, ok := rdb.(interface {
		AutoPipelineWithOptions(*redis.AutoPipelineOptions) (*redis.AutoPipeliner, error)
	})
	if !ok {
		return rdb, func() {}, nil
	}
	queue, err := pipelined.AutoPipelineWithOptions(&redis.AutoPipelineOptions{
		MaxBatchSize: pipelineBatch, MaxConcurrentBatches: pipelineBatches,
		Unordered: true, // a task does not care which one comes before it
	})
	if err != nil {
		return nil, nil, fmt.Errorf("pipeline to redis: %w", err)
	}
	return queue, func() { _ = queue.Close() }, nil
}
