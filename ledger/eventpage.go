package ledger

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// EventPage is a part of a batch's events.
type EventPage struct {
	Events []Event
	// Forgotten says that the event after which was asked is not kept any more: later ones may have
	// been forgotten with it, before the first of Events.
	Forgotten bool
}

// EventPage reads up to limit events after the one with the given ID ("" = from the oldest kept),
// without waiting for any. That one, and what follows it, are read in one moment: what is forgotten
// between two pages does not go unnoticed.
func (l *Ledger) EventPage(ctx context.Context, batch, after string, limit int64) (EventPage, error) {
	stream := keysOf(batch).events
	from := "-"
	if after != "" {
		from = "(" + after
	}
	var itself, next *redis.XMessageSliceCmd
	_, err := l.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		if after != "" {
			itself = pipe.XRange(ctx, stream, after, after)
		}
		next = pipe.XRangeN(ctx, stream, from, "+", limit)
		return nil
	})
	if err != nil {
		return EventPage{}, fmt.Errorf("events of batch %q after %q: %w", batch, after, err)
	}
	page := EventPage{Forgotten: after != "" && len(itself.Val()) == 0}
	for _, message := range next.Val() {
		page.Events = append(page.Events, decodeEvent(message))
	}
	return page, nil
}
