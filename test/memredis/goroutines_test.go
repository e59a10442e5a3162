package memredis_test

import (
	"testing"
	"testing/synctest"
	"time"

	"havip/test/memredis"
)

// Neither a Store nor a client starts a goroutine: a bubble waits for them at its end.
func TestNoGoroutines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rdb := memredis.New(time.Now).Client(nil) // and is not closed
		must(t, rdb.Set(t.Context(), "k", "v", time.Minute).Err())
		must(t, rdb.Eval(t.Context(), `return redis.call('GET', 'k')`, nil).Err())
		<-time.After(time.Hour) // of the bubble's time
		if n, err := rdb.Exists(t.Context(), "k").Result(); n != 0 || err != nil {
			t.Fatal(n, err)
		}
	})
}
