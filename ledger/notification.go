package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"
)

// Notification announces one completion of a batch to the batch's URL. It is pending from the completion on, as part of
// the same atomic step, until it is delivered or has finally failed.
type Notification struct {
	// Completion numbers the completions of a batch, from 1: a batch may complete again after a retry.
	Completion  int64  `json:"n"`
	CompletedAt Millis `json:"at"`
	// Total and Counts are the batch's at that time.
	Total  int64           `json:"total"`
	Counts map[State]int64 `json:"counts"`
	// Attempts counts failed deliveries; the first was at FirstTriedAt, the last at LastTriedAt.
	Attempts     int    `json:"attempts"`
	FirstTriedAt Millis `json:"since"`
	LastTriedAt  Millis `json:"lastAt"`
	// Why is the reason of the last failure.
	Why string `json:"why"`
}

// Failed counts rejected items and items in review.
func (n Notification) Failed() int64 { return failed(n.Counts) }

// NotificationOutcome is the outcome of an attempt to deliver a [Notification].
type NotificationOutcome string

// The outcomes. They are those of lua/notification.lua.
const (
	// NotificationDelivered: the receiver accepted it; it is no longer pending.
	NotificationDelivered NotificationOutcome = "delivered"
	// NotificationAttemptFailed: the attempt counts, and delivery will be retried.
	NotificationAttemptFailed NotificationOutcome = "failed"
	// NotificationDeferred: nothing was sent; the reason is recorded.
	NotificationDeferred NotificationOutcome = "deferred"
	// NotificationFailed: it is not retried; it is kept as [Batch.FailedNotification].
	NotificationFailed NotificationOutcome = "abandoned"
)

// NotificationRecorded is what [Ledger.RecordNotification] did.
type NotificationRecorded string

// The results of [Ledger.RecordNotification]. They are those of lua/notification.lua.
const (
	// NotificationApplied: the outcome is recorded.
	NotificationApplied NotificationRecorded = "applied"
	// NotificationSame: another attempt was recorded since; this failure is not counted.
	NotificationSame NotificationRecorded = "same"
	// NotificationLate: the URL has changed.
	NotificationLate NotificationRecorded = "late"
	// NotificationAbsent: no notification of this completion is pending.
	NotificationAbsent NotificationRecorded = "absent"
)

// SetOnComplete sets the URL that is notified of the batch's completions from now on. If the batch is complete, a
// notification is pending at once, unless that URL was already notified. The URL is stored unchanged and displayed: it
// must not contain a secret.
func (l *Ledger) SetOnComplete(ctx context.Context, batch, url string) error {
	fail := func(err error) error { return fmt.Errorf("on completion of batch %q: %w", batch, err) }
	// Before and after, so that no unfinished batch is unlisted.
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

// RecordNotification records an attempt to deliver a notification that the caller has read. Why is a short description of
// the result.
func (l *Ledger) RecordNotification(ctx context.Context, seen Batch, notification Notification, outcome NotificationOutcome, why string) (NotificationRecorded, error) {
	raw, err := l.run(ctx, notificationScript, seen.Name, notification.Completion, seen.OnComplete, notification.Attempts, string(outcome), why)
	if err != nil {
		return "", fmt.Errorf("notification %d of batch %q: %w", notification.Completion, seen.Name, err)
	}
	recorded, _ := raw.(string)
	return NotificationRecorded(recorded), nil
}

// PendingNotifications returns the batches with pending notifications among up to limit active batches, starting at
// rank, and how many batches it checked.
func (l *Ledger) PendingNotifications(ctx context.Context, rank, limit int64) (pending []Batch, looked int64, err error) {
	names, err := l.rdb.ZRange(ctx, activeBatches, rank, rank+limit-1).Result()
	if err != nil {
		return nil, 0, fmt.Errorf("pending notifications: %w", err)
	}
	batches, err := l.batches(ctx, names)
	if err != nil {
		return nil, 0, fmt.Errorf("pending notifications: %w", err)
	}
	for _, b := range batches {
		if len(b.PendingNotifications) > 0 {
			pending = append(pending, b)
		}
	}
	return pending, int64(len(names)), nil
}

// Newest returns up to limit batches, newest first; 0 means all.
func (l *Ledger) Newest(ctx context.Context, limit int64) ([]Batch, error) {
	names, err := l.rdb.ZRevRange(ctx, batchIndex, 0, limit-1).Result()
	if err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	batches, err := l.batches(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	// The name may have been listed before, for a batch that was deleted.
	slices.SortStableFunc(batches, func(a, b Batch) int { return cmp.Compare(b.CreatedAt, a.CreatedAt) })
	return batches, nil
}

// batchesAtOnce bounds how many batches one round trip reads.
const batchesAtOnce = 1000

// batches reads the batches that exist, in few round trips. A batch whose key is not a hash is returned as damaged.
func (l *Ledger) batches(ctx context.Context, names []string) ([]Batch, error) {
	batches := make([]Batch, 0, len(names))
	err := l.eachFacts(ctx, names, func(name string, facts map[string]string, damage error) {
		switch {
		case damage != nil:
			batches = append(batches, Batch{Name: name, Counts: map[State]int64{}, Damaged: damage})
		case facts["createdAt"] != "": // else it was never registered, because its producer died first, or is deleted
			batches = append(batches, decodeBatch(name, facts))
		}
	})
	if err != nil {
		return nil, err
	}
	return batches, nil
}

// eachFacts reads the facts of each name, in few round trips. Damage is the error about a key that is not a hash.
func (l *Ledger) eachFacts(ctx context.Context, names []string, do func(name string, facts map[string]string, damage error)) error {
	for some := range slices.Chunk(names, batchesAtOnce) {
		replies := make([]*redis.SliceCmd, len(some))
		_, err := l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i, name := range some {
				replies[i] = pipe.HMGet(ctx, keysOf(name).batch, batchFields...)
			}
			return nil
		})
		if err != nil && !isWrongType(err) {
			return err
		}
		for i, name := range some {
			values, err := replies[i].Result()
			if err != nil && !isWrongType(err) {
				return err
			}
			do(name, factsOf(values), err)
		}
	}
	return nil
}

// isWrongType reports whether another program wrote a key of another type.
func isWrongType(err error) bool { return redis.HasErrorPrefix(err, "WRONGTYPE") }
