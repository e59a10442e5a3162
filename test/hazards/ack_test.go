package hazards

import (
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

// An outage takes the acks of all that is in flight. asynq alone would run every one of these tasks
// again when their leases have ended, and count that as a failure.
func TestAcksLostInAnOutage(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T, f *hazardFixture) {
		const n = 20
		var mu sync.Mutex
		lost := map[any]bool{}
		f.intercept(hook(func(cmd redis.Cmder, send func() error) error {
			if !strings.HasPrefix(endings(cmd), "active lease ") {
				return send()
			}
			mu.Lock()
			repeated := lost[cmd.Args()[5]]
			lost[cmd.Args()[5]] = true
			mu.Unlock()
			if repeated {
				return send()
			}
			return io.EOF
		}))
		f.worker(t, "w")
		f.apply(t, n)
		info := f.awaitEmptyQueue(t)
		if len(lost) != n {
			t.Errorf("%d acks were lost, want %d", len(lost), n)
		}
		if info.Processed != n || info.Failed != 0 {
			t.Errorf("asynq counts %d runs and %d failures, want %d and none", info.Processed, info.Failed, n)
		}
		f.requireOnce(t, n, 1)
	})
}
