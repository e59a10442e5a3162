package lane

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Entry is an operator's command on a lane, or a suspension by the breaker.
type Entry struct {
	// ID orders entries; it is the position to continue reading from.
	ID string
	// Kind is paused, resumed, limited (to Detail requests a second) or unlimited for an operator's command; suspended
	// or recovered for the breaker, with the lane or a subnet as Detail.
	Kind               string
	At                 time.Time
	By, Reason, Detail string
}

// Log reads up to limit entries after the given ID ("" = from the oldest kept), waiting up to block for
// the first one; 0 does not wait. About the newest 1,000 are kept.
func (o *Operator) Log(ctx context.Context, after string, limit int64, block time.Duration) ([]Entry, error) {
	if after == "" {
		after = "0"
	}
	if block = block.Truncate(time.Millisecond); block <= 0 {
		block = -1 // go-redis sends no BLOCK for a negative duration; BLOCK 0 would block without limit
	}
	streams, err := o.rdb.XRead(ctx, &redis.XReadArgs{Streams: []string{keysOf(o.lane).log, after}, Count: limit, Block: block}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("log of lane %s: %w", o.lane, err)
	}
	var entries []Entry
	for _, stream := range streams {
		for _, message := range stream.Messages {
			entries = append(entries, decodeEntry(message))
		}
	}
	return entries, nil
}

func decodeEntry(m redis.XMessage) Entry {
	text := func(name string) string {
		s, _ := m.Values[name].(string)
		return s
	}
	at, _ := strconv.ParseInt(text("at"), 10, 64)
	return Entry{ID: m.ID, Kind: text("kind"), At: moment(at), By: text("by"), Reason: text("reason"), Detail: text("detail")}
}
