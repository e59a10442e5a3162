package main

import (
	"context"
	"errors"
	"sync"

	"github.com/baidubce/bce-sdk-go/services/havip"
)

// runLoop is a loop of goroutines that take items from a channel. What was done is lost when it ends.
func runLoop(_ context.Context, j job, client *havip.Client) error {
	items := make(chan havip.CreateHaVipArgs)
	failures := make([]error, j.Concurrency)
	var wg sync.WaitGroup
	for i := range j.Concurrency {
		wg.Go(func() {
			for item := range items {
				if _, err := client.CreateHaVip(&item); err != nil {
					failures[i] = err
				}
			}
		})
	}
	for i := range j.Items {
		items <- args(i)
	}
	close(items)
	wg.Wait()
	return errors.Join(failures...)
}
