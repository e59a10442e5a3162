package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"

	"havip/bench/lab"
	"havip/tasks"
)

// bare is the tasks/s of goroutines that call Enqueue, with a connection each.
func (m measurement) bare(ctx context.Context) (float64, error) {
	return m.asynq(ctx, 0, goroutines, m.rows)
}

// serial is the tasks/s of a loop through a slow connection.
func (m measurement) serial(ctx context.Context) (float64, error) {
	return m.asynq(ctx, roundTrip, 1, serialTasks)
}

func (m measurement) asynq(ctx context.Context, away time.Duration, callers, n int) (float64, error) {
	_, addr, release, err := m.redis(ctx, away)
	if err != nil {
		return 0, err
	}
	defer release()
	client := asynq.NewClient(asynq.RedisClientOpt{Addr: addr, PoolSize: callers})
	defer func() { _ = client.Close() }()
	begun := time.Now()
	err = callAll(callers, n, func(i int) error {
		_, err := client.EnqueueContext(ctx, taskOf(i), asynq.Queue(tasks.Lane{Account: "default", Region: "bj"}.Queue()))
		return err
	})
	return float64(n) / time.Since(begun).Seconds(), err
}

// callAll calls for each of n from several goroutines, and returns the first error.
func callAll(callers, n int, call func(i int) error) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	failed := make(chan error, callers)
	for range callers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := call(i); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(failed)
	return <-failed
}

// taskOf is the task that another producer makes of the same item.
func taskOf(i int) *asynq.Task {
	item := lab.Item(i)
	p := tasks.Payload{
		Version: tasks.PayloadVersion, Batch: "bulk", Key: item.Key, Account: item.Account, Region: item.Region,
		ClientToken: tasks.ClientToken("bulk", item.Key, 1),
	}
	p.Request.Name, p.Request.SubnetID, p.Request.Description = item.Request.Name, item.Request.SubnetID, item.Request.Description
	return asynq.NewTask(tasks.TypeCreate, p.Encode())
}
