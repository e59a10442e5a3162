package ledger

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Pause is why nothing of a batch is begun. Items that are in flight or in doubt come to their end all
// the same; any other stays as it is, without a task, until a person lets the batch go on.
type Pause struct {
	At Millis `json:"at"`
	// By is who paused the batch, as user@host, and Reason is why, in their own words.
	By     string `json:"by"`
	Reason string `json:"why"`
	// Where failures stopped the batch, Limit is what they exceeded, and Failed how many there were of
	// Total items.
	Limit  FailureLimit `json:"limit"`
	Failed int64        `json:"failed"`
	Total  int64        `json:"total"`
}

// ByFailures reports whether the batch's failures stopped it, and not a person.
func (h Pause) ByFailures() bool { return h.Limit != "" }

// Pause holds a batch until [Ledger.Resume], for act's reason. It reports whether that is this call's
// doing: a batch that is held already stays as it is.
func (l *Ledger) Pause(ctx context.Context, batch string, act Act) (bool, error) {
	return l.changePause(ctx, "pause", pauseScript, batch, act)
}

// Resume lets a held batch go on, under another limit unless that is nil, and reports whether it was held.
// Failures that stopped it are forgiven: the count begins anew. Those that came while a person held it are
// counted, and may hold it at once.
//
// Items that were held have no task. The caller puts in one for each.
func (l *Ledger) Resume(ctx context.Context, batch string, limit *FailureLimit, act Act) (bool, error) {
	other, text := 0, FailureLimit("")
	if limit != nil {
		other, text = 1, *limit
	}
	return l.changePause(ctx, "resume", resumeScript, batch, act, other, string(text))
}

// LimitFailures sets how many of the batch's items may fail before it is held, and reports whether that
// is another limit than before. Too many that have failed already hold it at once. A batch that is held
// stays so.
func (l *Ledger) LimitFailures(ctx context.Context, batch string, limit FailureLimit, act Act) (bool, error) {
	return l.changePause(ctx, "limit failures", limitScript, batch, act, string(limit))
}

func (l *Ledger) changePause(ctx context.Context, op string, s *redis.Script, batch string, act Act, args ...any) (bool, error) {
	raw, err := l.run(ctx, s, batch, append([]any{newTicket(), act.By, act.Reason}, args...)...)
	if err != nil {
		return false, fmt.Errorf("%s of batch %q: %w", op, batch, err)
	}
	n, _ := raw.(int64)
	if n < 0 {
		return false, &BatchNotFoundError{Batch: batch}
	}
	return n == 1, nil
}

// IsPaused reports whether the batch is held.
func (l *Ledger) IsPaused(ctx context.Context, batch string) (bool, error) {
	paused, err := l.rdb.HExists(ctx, keysOf(batch).batch, "hold").Result()
	if err != nil {
		return false, fmt.Errorf("hold of batch %q: %w", batch, err)
	}
	return paused, nil
}

// ItemAndPause reads one item and whether its batch is held, of one moment and in one round trip. What it
// says of the batch is true as well where the error is an [*ItemNotFoundError].
func (l *Ledger) ItemAndPause(ctx context.Context, batch, key string) (item Item, paused bool, err error) {
	var cmd *redis.BoolCmd
	items, err := l.readWith(ctx, batch, []string{key}, func(pipe redis.Pipeliner) {
		cmd = pipe.HExists(ctx, keysOf(batch).batch, "hold")
	})
	switch {
	case err != nil:
		return Item{}, false, itemError("read", batch, key, err)
	case len(items) == 0:
		return Item{}, cmd.Val(), &ItemNotFoundError{Batch: batch, Key: key}
	}
	return items[0], cmd.Val(), nil
}

// Running leaves out of a batch's items those that are held with it: they need no task.
func (l *Ledger) Running(ctx context.Context, batch string, items []Item) ([]Item, error) {
	paused, err := l.IsPaused(ctx, batch)
	if err != nil || !paused {
		return items, err
	}
	var running []Item
	for _, item := range items {
		if !item.Record.PausedWithBatch() {
			running = append(running, item)
		}
	}
	return running, nil
}
