package ledger

import (
	"cmp"
	"context"
	"fmt"
)

// Attempts reads the log of the requests sent for the item, oldest first: its creates, then its deletes.
// The first 20 and the last 80 creates and the last 20 deletes are kept. With an [*UnreadableError] it returns the entries that are not damaged.
func (l *Ledger) Attempts(ctx context.Context, item Item) ([]Attempt, error) {
	kept := item.Record.LogKeys()
	if len(kept) == 0 {
		return nil, nil
	}
	fields := make([]string, len(kept))
	for i, key := range kept {
		fields[i] = logField(item.Key, key)
	}
	values, err := l.rdb.HMGet(ctx, keysOf(item.Batch).attempts, fields...).Result()
	if err != nil {
		return nil, itemError("attempts of", item.Batch, item.Key, err)
	}
	attempts := make([]Attempt, 0, len(values))
	var damaged error
	for i, value := range values {
		text, ok := value.(string)
		if !ok {
			continue
		}
		attempt, err := decodeAttempt(text)
		if err != nil {
			damaged = cmp.Or(damaged, Unreadable(item.Batch, item.Key, fmt.Errorf("entry %s of its request log: %w", fields[i], err)))
			continue
		}
		attempts = append(attempts, attempt)
	}
	return attempts, damaged
}
