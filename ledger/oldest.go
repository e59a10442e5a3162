package ledger

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Oldest says for how long the unfinished items of a batch have waited; 0 stands for none.
type Oldest struct {
	// Unchanged is the last change of the unfinished item that has been unchanged for the longest time.
	Unchanged Millis
	// Unknown is since when the outcome of an unfinished item has been unknown.
	Unknown Millis
}

// Oldest returns the oldest unfinished items of each of the batches, in one round trip whose cost does not depend on their
// sizes.
func (l *Ledger) Oldest(ctx context.Context, batches []string) ([]Oldest, error) {
	if len(batches) == 0 {
		return nil, nil
	}
	open, unknown := make([]*redis.ZSliceCmd, len(batches)), make([]*redis.ZSliceCmd, len(batches))
	_, err := l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, batch := range batches {
			open[i] = pipe.ZRangeWithScores(ctx, keysOf(batch).open, 0, 0)
			unknown[i] = pipe.ZRangeWithScores(ctx, keysOf(batch).unknown, 0, 0)
		}
		return nil
	})
	if err != nil && !isWrongType(err) { // a damaged batch has none
		return nil, fmt.Errorf("oldest items: %w", err)
	}
	oldest := make([]Oldest, len(batches))
	for i := range batches {
		oldest[i] = Oldest{Unchanged: firstScore(open[i]), Unknown: firstScore(unknown[i])}
	}
	return oldest, nil
}

func firstScore(cmd *redis.ZSliceCmd) Millis {
	if len(cmd.Val()) == 0 {
		return 0
	}
	return Millis(cmd.Val()[0].Score)
}
