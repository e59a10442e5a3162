package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"
)

// Notification is that of one completion of a batch, which whoever is to be told was not told yet. It is owed
// from the moment of the completion on, in the same atomic step, until it is delivered or given up.
type Notification struct {
	// Completion numbers the completions of a batch, from 1: a batch may complete again after a retry.
	Completion  int64  `json:"n"`
	CompletedAt Millis `json:"at"`
	// Total and Counts are the batch's, as they stood then.
	Total  int64           `json:"total"`
	Counts map[State]int64 `json:"counts"`
	// Attempts counts the failed deliveries; the first was at FirstTriedAt, the last at LastTriedAt.
	Attempts     int    `json:"attempts"`
	FirstTriedAt Millis `json:"since"`
	LastTriedAt  Millis `json:"lastAt"`
	// Why is why it was not delivered yet.
	Why string `json:"why"`
}

// Failed counts finished items that did not have what was asked for, nor were withdrawn.
func (n Notification) Failed() int64 { return failed(n.Counts) }

// NoticeOutcome is what became of an attempt to deliver a [Notification].
type NotificationOutcome string

// The outcomes. They are those of lua/notification.lua.
const (
	// NotificationDelivered: it was taken, and is owed no more.
	NotificationDelivered NotificationOutcome = "delivered"
	// NotificationAttemptFailed: it is to be tried again; the attempt counts.
	NotificationAttemptFailed NotificationOutcome = "failed"
	// NotificationDeferred: nothing was sent; the reason is noted.
	NotificationDeferred NotificationOutcome = "held"
	// NoticeGivenUp: it is not tried again, and kept as [Batch.FailedNotification].
	NotificationFailed NotificationOutcome = "given-up"
)

// SetOnComplete names the URL that is told of the batch's completions from now on. A batch that is
// complete owes the notice of it at once, unless that URL was told already. The URL is stored as it is
// and shown to people: it must hold no secret.
func (l *Ledger) SetOnComplete(ctx context.Context, batch, url string) error {
	fail := func(err error) error { return fmt.Errorf("on completion of batch %q: %w", batch, err) }
	// Before and after, for the reasons that Register has.
	if err := l.touch(ctx, batch); err != nil {
		return fail(err)
	}
	raw, err := l.run(ctx, onCompleteScript, batch, url)
	if err != nil {
		return fail(err)
	}
	if n, _ := raw.(int64); n < 0 {
		return &BatchNotFoundError{Batch: batch}
	}
	if err := l.touch(ctx, batch); err != nil {
		return fail(err)
	}
	return nil
}

// RecordNotification records an attempt to tell the URL that the batch named, of a notice as the caller saw
// it. Heard says in a few words what came of it. The verdict is Applied; Same, when another attempt was
// recorded since; Late, when another URL is to be told by now; or Absent, when nothing is owed any more.
func (l *Ledger) RecordNotification(ctx context.Context, seen Batch, notice Notification, outcome NotificationOutcome, heard string) (Verdict, error) {
	raw, err := l.run(ctx, notificationScript, seen.Name, notice.Completion, seen.OnComplete, notice.Attempts, string(outcome), heard)
	if err != nil {
		return "", fmt.Errorf("notice %d of batch %q: %w", notice.Completion, seen.Name, err)
	}
	verdict, _ := raw.(string)
	return Verdict(verdict), nil
}

// PendingNotifications returns those that owe notices, of up to limit batches of the active list from the given rank
// on, and how many it looked at.
func (l *Ledger) PendingNotifications(ctx context.Context, rank, limit int64) (pending []Batch, looked int64, err error) {
	names, err := l.rdb.ZRange(ctx, activeBatches, rank, rank+limit-1).Result()
	if err != nil {
		return nil, 0, fmt.Errorf("owed notices: %w", err)
	}
	batches, err := l.batches(ctx, names)
	if err != nil {
		return nil, 0, fmt.Errorf("owed notices: %w", err)
	}
	for _, b := range batches {
		if len(b.PendingNotifications) > 0 {
			pending = append(pending, b)
		}
	}
	return pending, int64(len(names)), nil
}

// Newest reads up to limit batches, the newest first; 0 means all of them.
func (l *Ledger) Newest(ctx context.Context, limit int64) ([]Batch, error) {
	names, err := l.rdb.ZRevRange(ctx, batchIndex, 0, limit-1).Result()
	if err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	batches, err := l.batches(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	// The index may have known the name before, of a batch that was forgotten.
	slices.SortStableFunc(batches, func(a, b Batch) int { return cmp.Compare(b.CreatedAt, a.CreatedAt) })
	return batches, nil
}

// batchesAtOnce bounds how many batches one round trip reads.
const batchesAtOnce = 1000

// batches reads those that exist, in few round trips. One whose key is no hash comes as a damaged one.
func (l *Ledger) batches(ctx context.Context, names []string) ([]Batch, error) {
	batches := make([]Batch, 0, len(names))
	for some := range slices.Chunk(names, batchesAtOnce) {
		replies := make([]*redis.SliceCmd, len(some))
		_, err := l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i, name := range some {
				replies[i] = pipe.HMGet(ctx, keysOf(name).batch, batchFields...)
			}
			return nil
		})
		if err != nil && !isWrongType(err) {
			return nil, err
		}
		for i, name := range some {
			values, err := replies[i].Result()
			switch {
			case isWrongType(err):
				batches = append(batches, Batch{Name: name, Counts: map[State]int64{}, Damaged: err})
				continue
			case err != nil:
				return nil, err
			}
			// An indexed batch without facts was never registered, for its producer died first, or is
			// forgotten.
			if facts := factsOf(values); facts["createdAt"] != "" {
				batches = append(batches, decodeBatch(name, facts))
			}
		}
	}
	return batches, nil
}

// isWrongType reports whether a key has another type than ours, which another program has written.
func isWrongType(err error) bool { return redis.HasErrorPrefix(err, "WRONGTYPE") }
