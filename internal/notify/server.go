package notify

import (
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/internal/queue"
	"havip/internal/redisconn"
	"havip/tasks"
)

// checkEvery is how often an idle server looks for tasks: a notice can wait for a second, and then an
// idle queue costs Redis little.
const checkEvery = time.Second

// NewServer returns an asynq server of the queue of notices.
func NewServer(rdb redis.Cmdable, grace time.Duration, log asynq.Logger) *asynq.Server {
	return asynq.NewServerFromRedisClient(redisconn.Full(rdb), asynq.Config{
		Concurrency:              concurrency,
		Queues:                   map[string]int{Queue: 1},
		TaskCheckInterval:        checkEvery,
		DelayedTaskCheckInterval: checkEvery,
		RetryDelayFunc:           tasks.RetryDelayFunc,
		IsFailure:                tasks.IsFailure,
		ShutdownTimeout:          grace,
		Logger:                   log,
		LogLevel:                 asynq.WarnLevel,
	})
}

// Remedy is what a worker needs to deliver notices, for sentences that end so.
const Remedy = "HAVIP_WEBHOOK_SECRET and --webhook-host"

// Served reports whether some worker delivers notices.
func Served(rdb redis.Cmdable) (bool, error) {
	served, err := queue.Named(rdb, Queue).Served()
	if err != nil {
		return false, fmt.Errorf("workers that deliver notices: %w", err)
	}
	return served, nil
}
