package hazards

import (
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// A task is lost on its way from Redis: asynq has it active, and no worker knows. Nobody can rescue
// it before asynq does, after a minute or two; it is a bound that is known, and nothing is lost.
func TestDeliveryLost(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T, w *world) {
		var lost atomic.Bool
		w.rdb.AddHook(hook(func(cmd redis.Cmder, send func() error) error {
			err := send()
			if err == nil && endings(cmd) == "pending paused active lease" && lost.CompareAndSwap(false, true) {
				return io.EOF
			}
			return err
		}))
		w.apply(t, 1)
		w.worker(t, "w")
		began := time.Now()
		w.awaitDone(t)
		if took := time.Since(began); took < time.Minute || took > 130*time.Second {
			t.Errorf("the task came back after %s", took)
		}
		if info := w.awaitEmptyQueue(t); !lost.Load() || info.Failed != 1 {
			t.Errorf("lost: %t, counted as failed: %d; want it lost and counted once", lost.Load(), info.Failed)
		}
		w.requireOnce(t, 1, 1)
	})
}
