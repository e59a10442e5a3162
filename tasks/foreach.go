package tasks

import (
	"context"
	"sync"
	"sync/atomic"
)

// forEach calls do for all items in parallel. After an error it starts no more calls, waits for the running ones and
// returns the first error.
func forEach[T any](ctx context.Context, all []T, do func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var begun atomic.Int64
	var wg sync.WaitGroup
	for range min(enqueueParallel, len(all)) {
		wg.Go(func() {
			for i := int(begun.Add(1)) - 1; i < len(all) && ctx.Err() == nil; i = int(begun.Add(1)) - 1 {
				if err := do(ctx, all[i]); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
