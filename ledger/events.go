package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Event is an event of a batch. Kind is a state that an item entered, if it is terminal or unknown; or registered,
// committed, completed, address (received; in Detail), extra (a second haVipId appeared for the item; in Detail),
// doubtful (its HaVIP, in Detail, is of an earlier clientToken, and the current one was sent as well: verify checks
// whether there are two), renewed (the item has its next clientToken), retried, cancel-asked (its outcome decides), kept
// (its HaVIP, in Detail, existed before it could be canceled), notified or notify-failed (a [Notification] was delivered
// or has finally failed; in Detail), or the kind of an [Act].
type Event struct {
	// ID orders events; it is the position to continue reading from.
	ID   string
	Kind string
	// Key is the item's, or "" for an event of the batch.
	Key    string
	At     Millis
	Detail string
	// By, Reason and Items are set for acts only.
	By, Reason string
	Items      int64
}

// Events reads up to limit events after the given ID ("" = from the oldest kept), waiting up
// to block for the first one; 0 does not wait. About the newest 10,000 are kept.
func (l *Ledger) Events(ctx context.Context, batch, after string, limit int64, block time.Duration) ([]Event, error) {
	if after == "" {
		after = "0"
	}
	if block = block.Truncate(time.Millisecond); block <= 0 {
		block = -1 // go-redis sends no BLOCK for a negative duration; BLOCK 0 would block without limit
	}
	streams, err := l.rdb.XRead(ctx, &redis.XReadArgs{
		Streams: []string{keysOf(batch).events, after},
		Count:   limit,
		Block:   block,
	}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("events of batch %q: %w", batch, err)
	}
	var events []Event
	for _, stream := range streams {
		for _, message := range stream.Messages {
			events = append(events, decodeEvent(message))
		}
	}
	return events, nil
}

func decodeEvent(m redis.XMessage) Event {
	text := func(name string) string {
		s, _ := m.Values[name].(string)
		return s
	}
	at, _ := strconv.ParseInt(text("at"), 10, 64)
	items, _ := strconv.ParseInt(text("items"), 10, 64)
	return Event{
		ID: m.ID, Kind: text("kind"), Key: text("key"), At: Millis(at), Detail: text("detail"),
		By: text("by"), Reason: text("reason"), Items: items,
	}.bounded()
}

// maxEventText bounds each text of an event, in bytes: a page of 500 events is kept in memory.
const maxEventText = 16 << 10

// bounded returns the event with its texts cut, and without a time that is out of range.
func (e Event) bounded() Event {
	for _, text := range []*string{&e.Kind, &e.Key, &e.Detail, &e.By, &e.Reason} {
		if len(*text) > maxEventText {
			*text = strings.ToValidUTF8((*text)[:maxEventText], "") + "…"
		}
	}
	if validateMoments(e.At) != nil {
		e.At = 0
	}
	return e
}
