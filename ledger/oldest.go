package ledger

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Oldest says for how long the unfinished items of some batches have waited; 0 stands for none.
type Oldest struct {
	// Unchanged is the last change of the unfinished item that has been unchanged for the longest time.
	Unchanged Millis
	// Unknown is since when the outcome of an unfinished item has been unknown.
	Unknown Millis
}

// Oldest returns the oldest of the unfinished items of the batches, in one round trip whose cost does not depend on their
// sizes.
func (l *Ledger) Oldest(ctx context.Context, batches []string) (Oldest, error) {
	var all Oldest
	if len(batches) == 0 {
		return all, nil
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
		return all, fmt.Errorf("oldest items: %w", err)
	}
	for i := range batches {
		all.Unchanged = older(all.Unchanged, open[i].Val())
		all.Unknown = older(all.Unknown, unknown[i].Val())
	}
	return all, nil
}

func older(m Millis, first []redis.Z) Millis {
	if len(first) == 0 || m != 0 && m <= Millis(first[0].Score) {
		return m
	}
	return Millis(first[0].Score)
}
