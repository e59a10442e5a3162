package ledger

import (
	"context"
	"fmt"
)

// RecentEnds returns when the batch's last items ended, newest first. It reads up to limit events, so its cost does not
// depend on the batch's size.
func (l *Ledger) RecentEnds(ctx context.Context, batch string, limit int64) ([]Millis, error) {
	messages, err := l.rdb.XRevRangeN(ctx, keysOf(batch).events, "+", "-", limit).Result()
	if err != nil {
		return nil, fmt.Errorf("events of batch %q: %w", batch, err)
	}
	var ends []Millis
	for _, message := range messages {
		if event := decodeEvent(message); event.Key != "" && event.At != 0 && State(event.Kind).Terminal() {
			ends = append(ends, event.At)
		}
	}
	return ends, nil
}
