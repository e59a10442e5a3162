package hazards

import (
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// A task is lost on its way from Redis: asynq has it active, and no worker knows. asynq would take it up
// after a minute or two; an elected worker finds that nobody holds it.
func TestDeliveryLost(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T, f *hazardFixture) {
		var lost atomic.Bool
		f.intercept(hook(func(cmd redis.Cmder, send func() error) error {
			err := send()
			if err == nil && endings(cmd) == "pending paused active lease" && lost.CompareAndSwap(false, true) {
				return io.EOF
			}
			return err
		}))
		f.apply(t, 1)
		f.worker(t, "w")
		began := time.Now()
		f.awaitDone(t)
		if took := time.Since(began); took > 25*time.Second {
			t.Errorf("the task came back after %s", took)
		}
		if info := f.awaitEmptyQueue(t); !lost.Load() || info.Failed != 0 {
			t.Errorf("lost: %t, counted as failed: %d; want it lost and not counted", lost.Load(), info.Failed)
		}
		f.requireOnce(t, 1, 1)
	})
}
