package tasks

import (
	"context"
	"sync"
	"sync/atomic"
)

// eachAtOnce does something for many items at once. It returns the first error, after all that were
// begun have ended.
func eachAtOnce[T any](ctx context.Context, all []T, do func(context.Context, T) error) error {
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
