package ledger

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Pause says why no new request of a batch is sent. Items whose request is in flight or whose outcome is unknown
// still finish; every other item stays unchanged, without a task, until an operator resumes the batch.
type Pause struct {
	At Millis `json:"at"`
	// By is the operator who paused the batch, as user@host, and Reason is theirs.
	By     string `json:"by"`
	Reason string `json:"why"`
	// If failures paused the batch, Limit is the limit that was exceeded, and Failed is how many of Total items failed.
	Limit  FailureLimit `json:"limit"`
	Failed int64        `json:"failed"`
	Total  int64        `json:"total"`
}

// ByFailures reports whether the failure limit, and not an operator, paused the batch.
func (p Pause) ByFailures() bool { return p.Limit != "" }

// Pause pauses a batch until [Ledger.Resume], for act's reason. It reports whether this call paused it: a paused
// batch stays as it is.
func (l *Ledger) Pause(ctx context.Context, batch string, act Act) (bool, error) {
	return l.changePause(ctx, "pause", pauseScript, batch, act)
}

// Resume resumes a paused batch, with another failure limit unless limit is nil, and reports whether it was paused.
// The failures that paused it are forgiven: the count starts again. Failures that occurred while an operator had paused
// the batch are counted, and may pause it again at once.
//
// Items that were paused have no task. The caller enqueues one for each.
func (l *Ledger) Resume(ctx context.Context, batch string, limit *FailureLimit, act Act) (bool, error) {
	other, text := 0, FailureLimit("")
	if limit != nil {
		other, text = 1, *limit
	}
	return l.changePause(ctx, "resume", resumeScript, batch, act, other, string(text))
}

// LimitFailures sets how many of the batch's items may fail before it is paused, and reports whether the limit
// changed. If more have already failed, the batch is paused at once. A paused batch stays paused.
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

// IsPaused reports whether the batch is paused.
func (l *Ledger) IsPaused(ctx context.Context, batch string) (bool, error) {
	paused, err := l.rdb.HExists(ctx, keysOf(batch).batch, "pause").Result()
	if err != nil {
		return false, fmt.Errorf("pause of batch %q: %w", batch, err)
	}
	return paused, nil
}

// ItemAndPause reads one item, and whether its batch is paused, atomically and in one round trip. The pause is
// valid even if the error is an [*ItemNotFoundError].
func (l *Ledger) ItemAndPause(ctx context.Context, batch, key string) (item Item, paused bool, err error) {
	items, paused, err := l.readItems(ctx, batch, []string{key}, true)
	switch {
	case err != nil:
		return Item{}, false, itemError("read", batch, key, err)
	case len(items) == 0:
		return Item{}, paused, &ItemNotFoundError{Batch: batch, Key: key}
	}
	return items[0], paused, nil
}

// Running returns the items that are not paused with their batch. Paused items need no task.
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
