package ledger

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// activeBatches lists the batches that may have unfinished items or pending notifications, by last registration, for
// the reconciler.
const activeBatches = "havip:active"

var (
	activateScript   = redis.NewScript(source("activate"))
	deactivateScript = redis.NewScript(source("deactivate"))
)

// touch lists a batch as active and known. It is called before and after registering: before, so that no unfinished item
// is in an unlisted batch; after, so that a process that found the batch finished in between does not unlist it.
func (l *Ledger) touch(ctx context.Context, batch string) error {
	if err := l.claimSchema(ctx); err != nil {
		return err
	}
	at, err := l.time(ctx)
	if err != nil {
		return err
	}
	_, err = l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.ZAddNX(ctx, batchIndex, redis.Z{Score: float64(at.UnixMilli()), Member: batch})
		activateScript.Eval(ctx, pipe, []string{activeBatches}, batch, at.UnixMilli())
		return nil
	})
	return err
}

// Tags returns the hash tags of a batch's keys: its own, and those of the lists that contain it. In a cluster they may be on
// several masters, and a failover of one can remove a batch from its list that the others still have.
func Tags(batch string) []string { return []string{batch, batchIndex, activeBatches} }

// Active returns up to limit names of batches that may have unfinished items or pending notifications, starting at
// rank. It only reads, so that it works while Redis refuses writes.
func (l *Ledger) Active(ctx context.Context, rank, limit int64) ([]string, error) {
	return l.active(ctx, rank, limit, func(redis.Z) error { return nil })
}

// PruneActive is Active for a reconciler: it also unlists batches that are finished and have no new items.
func (l *Ledger) PruneActive(ctx context.Context, rank, limit int64) ([]string, error) {
	return l.active(ctx, rank, limit, func(entry redis.Z) error {
		score := strconv.FormatFloat(entry.Score, 'f', -1, 64)
		return deactivateScript.Run(ctx, l.rdb, []string{activeBatches}, entry.Member, score).Err()
	})
}

// active calls finished for each finished batch.
func (l *Ledger) active(ctx context.Context, rank, limit int64, finished func(redis.Z) error) ([]string, error) {
	listed, err := l.rdb.ZRangeWithScores(ctx, activeBatches, rank, rank+limit-1).Result()
	if err != nil {
		return nil, fmt.Errorf("active batches: %w", err)
	}
	var names []string
	for _, entry := range listed {
		name, _ := entry.Member.(string)
		done, err := l.finished(ctx, name)
		if isWrongType(err) { // it is damaged; the others are still processed
			continue
		}
		if err != nil {
			return names, err
		}
		if !done {
			names = append(names, name)
			continue
		}
		if err := finished(entry); err != nil {
			return names, fmt.Errorf("active batches: %w", err)
		}
	}
	return names, nil
}

// finished reports whether a batch has no work left and will have no pending notification until items are registered or
// retried or the batch is committed.
func (l *Ledger) finished(ctx context.Context, batch string) (bool, error) {
	k := keysOf(batch)
	var open *redis.IntCmd
	var facts *redis.SliceCmd
	// In this order, because the step that finishes the last item also adds the notification. It avoids a transaction,
	// which a Redis out of memory refuses.
	_, err := l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		open = pipe.ZCard(ctx, k.open)
		facts = pipe.HMGet(ctx, k.batch, "onComplete", "committedAt", "pendingNotifications")
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("batch %q: %w", batch, err)
	}
	notifies, committed, pending := facts.Val()[0] != nil, facts.Val()[1] != nil, facts.Val()[2] != nil
	// An uncommitted batch completes only by its commit.
	return open.Val() == 0 && !pending && (committed || !notifies), nil
}

// StaleCursor is where a scan of stale items continues. The zero value is the beginning, and the end.
type StaleCursor struct {
	// changed is the last change of the last item that was read, as Redis wrote it; key is the item's.
	changed, key string
}

// Stale returns up to limit unfinished items of the batch that have not changed for the given time, the oldest first, and
// where to continue. Its cost does not depend on how many are before them. An item that changes during a scan may be
// returned again; none is left out. With an [*UnreadableError] it returns the readable ones.
func (l *Ledger) Stale(ctx context.Context, batch string, unchanged time.Duration, from StaleCursor, limit int64) (items []Item, next StaleCursor, err error) {
	itemKeys, next, err := l.stale(ctx, batch, unchanged, from, limit)
	if err == nil {
		items, err = l.read(ctx, batch, itemKeys)
	}
	if err != nil {
		err = fmt.Errorf("stale items of batch %q: %w", batch, err)
	}
	return items, next, err
}

func (l *Ledger) stale(ctx context.Context, batch string, unchanged time.Duration, from StaleCursor, limit int64) (itemKeys []string, next StaleCursor, err error) {
	now, err := l.time(ctx)
	if err != nil {
		return nil, StaleCursor{}, err
	}
	found, err := staleScript.Run(ctx, l.rdb, keysOf(batch).list(), now.Add(-unchanged).UnixMilli(), limit, from.changed, from.key).StringSlice()
	if err != nil {
		return nil, StaleCursor{}, err
	}
	for i := 0; i+1 < len(found); i += 2 {
		itemKeys, next = append(itemKeys, found[i]), StaleCursor{changed: found[i+1], key: found[i]}
	}
	if int64(len(itemKeys)) < limit {
		next = StaleCursor{}
	}
	return itemKeys, next, nil
}
