// Package fairqueue keeps a few tasks from waiting behind many.
//
// asynq's workers take tasks in the order in which they were added. A batch of ten would wait for the hundred thousand
// items before it, and so would one item of it that is due for a retry. Interleave changes only the order: whatever it is
// interrupted by, every task stays in its queue.
package fairqueue

import (
	"context"
	_ "embed"

	"github.com/redis/go-redis/v9"
)

// Most is how many tasks one call moves at most: it keeps Redis busy for about a millisecond.
const Most = 1000

//go:embed interleave.lua
var source string

var script = redis.NewScript(source)

// Interleave moves the n tasks that were added last to an asynq queue, given by the key of its pending tasks, between the n
// that will run next: the two kinds take turns. It does nothing unless the queue has more than twice as many others as own,
// which is n and how many related tasks were added before: without it they take at most three times as long as alone.
func Interleave(ctx context.Context, rdb redis.Scripter, pending string, n, own int) error {
	if n == 0 {
		return nil
	}
	return script.Run(ctx, rdb, []string{pending}, min(n, Most), max(n, own)).Err()
}
