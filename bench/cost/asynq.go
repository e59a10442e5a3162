package main

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	"github.com/baidubce/bce-sdk-go/services/havip"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/bench/lab"
)

const asynqQueue = "havips"

// enqueueAsynq puts in a task for each item.
func enqueueAsynq(ctx context.Context, p place) error {
	client := asynq.NewClientFromRedisClient(p.store.(*lab.Redis).Client())
	for i := range p.Items {
		item := args(i)
		payload, err := json.Marshal(item)
		if err != nil {
			return err
		}
		if _, err := client.EnqueueContext(ctx, asynq.NewTask("create", payload), asynq.TaskID(item.Name), asynq.Queue(asynqQueue)); err != nil {
			return err
		}
	}
	return nil
}

// runAsynq runs servers that share a client of Redis and the items in flight.
func runAsynq(servers int) func(context.Context, job, *havip.Client) error {
	return func(_ context.Context, j job, client *havip.Client) error {
		var done atomic.Int64
		all := make(chan struct{})
		create := func(_ context.Context, task *asynq.Task) error {
			var item havip.CreateHaVipArgs
			if err := json.Unmarshal(task.Payload(), &item); err != nil {
				return err
			}
			if _, err := client.CreateHaVip(&item); err != nil {
				return err
			}
			if done.Add(1) == int64(j.Items) {
				close(all)
			}
			return nil
		}
		rdb := redis.NewClient(&redis.Options{Addr: j.Store, PoolSize: j.Concurrency})
		for range servers {
			server := asynq.NewServerFromRedisClient(rdb, asynq.Config{
				Concurrency: j.Concurrency / servers, Queues: map[string]int{asynqQueue: 1}, TaskCheckInterval: 100 * time.Millisecond, LogLevel: asynq.FatalLevel,
			})
			if err := server.Start(asynq.HandlerFunc(create)); err != nil {
				return err
			}
		}
		<-all
		return nil
	}
}
