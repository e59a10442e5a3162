package ledger

import (
	"context"
	"fmt"
)

// EventPage is a part of a batch's events.
type EventPage struct {
	Events []Event
	// Forgotten is true if the event that the page follows is no longer kept: events between it and the first of
	// Events may be missing.
	Forgotten bool
}

// LastEventID returns the ID of the batch's newest event, after which to read those to come; "" if there is none.
func (l *Ledger) LastEventID(ctx context.Context, batch string) (string, error) {
	messages, err := l.rdb.XRevRangeN(ctx, keysOf(batch).events, "+", "-", 1).Result()
	if err != nil {
		return "", fmt.Errorf("last event of batch %q: %w", batch, err)
	}
	if len(messages) == 0 {
		return "", nil
	}
	return messages[0].ID, nil
}

// NewestEvents reads up to limit events before the one with the given ID ("" = from the newest), newest first. Its cost does
// not depend on the batch's size.
func (l *Ledger) NewestEvents(ctx context.Context, batch, before string, limit int64) ([]Event, error) {
	from := "+"
	if before != "" {
		from = "(" + before
	}
	messages, err := l.rdb.XRevRangeN(ctx, keysOf(batch).events, from, "-", limit).Result()
	if err != nil {
		return nil, fmt.Errorf("events of batch %q: %w", batch, err)
	}
	events := make([]Event, len(messages))
	for i, message := range messages {
		events[i] = decodeEvent(message)
	}
	return events, nil
}

// EventPage reads up to limit events after the one with the given ID ("" = from the oldest kept), without waiting. It
// reads that event and the following ones atomically, to detect events that were dropped between two pages.
func (l *Ledger) EventPage(ctx context.Context, batch, after string, limit int64) (EventPage, error) {
	from, count := "-", limit
	if after != "" { // in one command: a Redis that is out of memory refuses transactions
		from, count = after, limit+1
	}
	messages, err := l.rdb.XRangeN(ctx, keysOf(batch).events, from, "+", count).Result()
	if err != nil {
		return EventPage{}, fmt.Errorf("events of batch %q after %q: %w", batch, after, err)
	}
	var page EventPage
	if after != "" {
		page.Forgotten = len(messages) == 0 || messages[0].ID != after
		if !page.Forgotten {
			messages = messages[1:]
		}
	}
	for _, message := range messages[:min(len(messages), int(limit))] {
		page.Events = append(page.Events, decodeEvent(message))
	}
	return page, nil
}
