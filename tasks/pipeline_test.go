package tasks

import (
	"errors"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// One user's release does not close the pipeline of the next.
func TestPipelineIsClosedByItsLastUser(t *testing.T) {
	t.Parallel()
	rdb := redistest.Start(t).Client(t)
	var users sync.WaitGroup
	for range 2 {
		users.Go(func() {
			for range 2000 {
				pipe, release, err := Pipeline(rdb)
				if err == nil {
					err = pipe.Get(t.Context(), "k").Err()
					release()
				}
				if err != nil && !errors.Is(err, redis.Nil) {
					t.Error(err)
					return
				}
			}
		})
	}
	users.Wait()
}
