package tasks

import (
	"context"
	"sync"
)

// eachAtOnce does something for many items at once. It returns the first error, after all that were
// begun have ended.
func eachAtOnce[T any](ctx context.Context, all []T, do func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan T)
	var wg sync.WaitGroup
	for range min(enqueueParallel, len(all)) {
		wg.Go(func() {
			for one := range work {
				if err := do(ctx, one); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, one := range all {
		if ctx.Err() != nil {
			break
		}
		work <- one
	}
	close(work)
	wg.Wait()
	return context.Cause(ctx)
}
