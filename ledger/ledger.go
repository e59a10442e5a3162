package ledger

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Ledger reads and changes batches in Redis. It is safe for concurrent use.
type Ledger struct {
	rdb redis.Cmdable
	// sent are the scripts that Redis has cached, and that can be called by their hashes.
	sent sync.Map
	now  func() time.Time
}

// Option configures a [Ledger].
type Option func(*Ledger)

// WithClock sets the clock of transitions, for tests. The default is Redis's clock, which all workers share.
func WithClock(now func() time.Time) Option {
	return func(l *Ledger) { l.now = now }
}

// New returns a ledger in the given Redis. It does no I/O.
func New(rdb redis.Cmdable, options ...Option) *Ledger {
	l := &Ledger{rdb: rdb}
	for _, option := range options {
		option(l)
	}
	return l
}

// time returns the time that transitions use.
func (l *Ledger) time(ctx context.Context) (time.Time, error) {
	if l.now != nil {
		return l.now(), nil
	}
	return l.rdb.Time(ctx).Result()
}

func itemError(op, batch, key string, err error) error {
	return fmt.Errorf("%s item %q of batch %q: %w", op, key, batch, err)
}

func decodeItem(batch, key, specText, recordText string) (Item, error) {
	spec, err := decodeSpec(key, specText)
	if err != nil {
		return Item{}, err
	}
	rec, err := decodeRecord(batch, key, recordText)
	if err != nil {
		return Item{}, fmt.Errorf("record of item %q: %w", key, err)
	}
	return itemOf(batch, spec, rec), nil
}

// itemOf returns a spec with its record, which has the current clientToken.
func itemOf(batch string, spec Spec, rec Record) Item {
	spec.Fingerprint, spec.ClientToken = rec.Fingerprint, rec.ClientToken
	return Item{Batch: batch, Spec: spec, Record: rec}
}
