package ledger

import (
	"context"
	"errors"
	"time"

	"havip/lifecycle"
)

// BeginDeletion records the intent to delete an item's HaVIP. Only if the result is [lifecycle.StartSend] may the
// caller send; the record's Deletes is then the number to give to [Ledger.EndDeletion].
func (l *Ledger) BeginDeletion(ctx context.Context, batch, key string, o DeletionOptions) (Start, error) {
	return l.start(ctx, "begin deletion of", batch, key, Known{}, func(s lifecycle.Snapshot) (lifecycle.Start, time.Duration, lifecycle.Change) {
		return lifecycle.BeginDeletion(s, o)
	})
}

// EndDeletion records the outcome of delete n, once. A proof that the HaVIP is deleted is always accepted; any other
// outcome applies only while the item waits for it. It returns the resulting record.
func (l *Ledger) EndDeletion(ctx context.Context, batch, key string, n int, outcome DeletionOutcome) (lifecycle.Recorded, Record, error) {
	result, rec, err := transition(ctx, l, "end deletion of", batch, key, lifecycle.RecordedAbsent, Known{}, entry(OpDelete, n), func(s lifecycle.Snapshot) (lifecycle.Recorded, lifecycle.Change) {
		return lifecycle.RecordDeletion(s, n, outcome)
	})
	if err != nil || rec.State != Deleted {
		return result, rec, err
	}
	// A caller that repeats the call after an error repeats this as well.
	item, err := l.Item(ctx, batch, key)
	var forgotten *ItemNotFoundError
	var damaged *UnreadableError
	switch {
	case errors.As(err, &forgotten), errors.As(err, &damaged):
		return result, rec, nil
	case err == nil:
		err = l.noteDeleted(ctx, item)
	}
	return result, rec, err
}
