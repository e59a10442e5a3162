package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/internal/redisconn"
	"havip/ledger"
	"havip/tasks"
)

// checkEvery is how often an idle server polls: a notification can wait a second, and an idle queue costs
// Redis little.
const checkEvery = time.Second

// NewServer returns an asynq server of the notification queue.
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

// Remedy is what a worker needs to send notifications, as the end of a sentence.
const Remedy = "HAVIP_WEBHOOK_SECRET and --webhook-host"

// Served reports whether some worker sends notifications.
func Served(ctx context.Context, rdb redis.Cmdable) (bool, error) {
	workers, err := ledger.New(rdb).RecentWorkerInfos(ctx, ledger.SilentAfter)
	if err != nil {
		return false, fmt.Errorf("workers that send notifications: %w", err)
	}
	for _, worker := range workers {
		if worker.Notifies {
			return true, nil
		}
	}
	return false, nil
}
