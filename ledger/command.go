package ledger

import (
	"context"
	"fmt"

	"havip/lifecycle"
)

// Commanded is the result of an operator's command for one item.
type Commanded struct {
	Result lifecycle.Commanded
	// Item is the current item, or the caller's if Result is CommandAbsent or CommandDamaged.
	Item Item
	// Err is what is wrong with the item's data if Result is CommandDamaged.
	Err error
}

// commandItems bounds how many items a command or a listing changes in one round trip, so that the reply arrives before
// a client times out: a change whose reply is lost looks like another client's.
const commandItems = 50

// command runs a command on the items that the caller has read. Decide receives the item's index. With an error, it
// returns the results before it.
func (l *Ledger) command(ctx context.Context, op, batch string, seen []Item, decide func(i int, s lifecycle.Snapshot) (lifecycle.Commanded, lifecycle.Change)) ([]Commanded, error) {
	answers := make([]Commanded, len(seen))
	for start := 0; start < len(seen); start += commandItems {
		itemKeys := make([]string, min(commandItems, len(seen)-start))
		for i := range itemKeys {
			itemKeys[i] = seen[start+i].Key
		}
		done, err := l.updateEach(ctx, batch, itemKeys, Record.OpenEntry, func(i int, s lifecycle.Snapshot) lifecycle.Change {
			result, change := decide(start+i, s)
			answers[start+i].Result = result
			return change
		})
		if err != nil {
			return answers[:start], fmt.Errorf("%s in batch %q: %w", op, batch, err)
		}
		for i, d := range done {
			answer := &answers[start+i]
			switch answer.Item = seen[start+i]; {
			case d.record == "":
				answer.Result = lifecycle.CommandAbsent
			case d.fault != nil:
				answer.Result, answer.Err = lifecycle.CommandDamaged, d.fault
			default:
				answer.Item = itemOf(batch, answer.Item.Spec, d.after())
			}
		}
	}
	return answers, nil
}

// Cancel cancels items for the given reason. If a request of an item is in flight or its outcome is unknown, the item is
// canceled only once it is certain that nothing was created, by that request's answer or by a lookup. Until then nothing
// is sent for it. An item whose HaVIP turns out to exist keeps it.
//
// After an error, some items may not have been canceled; call again to continue.
func (l *Ledger) Cancel(ctx context.Context, batch, reason string, items []Item) ([]Commanded, error) {
	return l.command(ctx, "cancel", batch, items, func(_ int, s lifecycle.Snapshot) (lifecycle.Commanded, lifecycle.Change) {
		return lifecycle.Cancel(s, reason)
	})
}

// Retrial is a request to retry an item that the caller has read.
type Retrial struct {
	Seen Item
	// Next is the item's next clientToken.
	Next string
}

// Retry continues items that had ended: rejected, canceled, or in review. A rejected or canceled item gets its next
// clientToken, because it created nothing. If that is not proven, the item is looked up before anything is sent.
// Items that are in progress are not changed.
//
// After an error, some items may not have been changed; call again with their current records to continue.
func (l *Ledger) Retry(ctx context.Context, batch string, retrials []Retrial) ([]Commanded, error) {
	seen := make([]Item, len(retrials))
	for i, r := range retrials {
		seen[i] = r.Seen
	}
	return l.command(ctx, "retry", batch, seen, func(i int, s lifecycle.Snapshot) (lifecycle.Commanded, lifecycle.Change) {
		return lifecycle.Retry(s, seen[i].Record, retrials[i].Next)
	})
}

// Resolve decides items in review for an operator: the HaVIP is recorded as adopted, or with an empty ID, each item is looked up
// without its candidates before anything is sent. Take a chosen HaVIP for the item first; see [Ledger.TakeHaVIPs].
func (l *Ledger) Resolve(ctx context.Context, batch, haVIPID string, items []Item) ([]Commanded, error) {
	return l.command(ctx, "resolve", batch, items, func(i int, s lifecycle.Snapshot) (lifecycle.Commanded, lifecycle.Change) {
		return lifecycle.Resolve(s, items[i].Record, haVIPID)
	})
}

// Rollback requests the deletion of the HaVIPs that the items created, for the given reason. Adopted HaVIPs are not
// deleted. Deletion continues until it succeeds or BCE refuses it permanently: see [Ledger.BeginDeletion].
//
// After an error, some items may not have been changed; call again to continue.
func (l *Ledger) Rollback(ctx context.Context, batch, reason string, items []Item) ([]Commanded, error) {
	return l.command(ctx, "roll back", batch, items, func(i int, s lifecycle.Snapshot) (lifecycle.Commanded, lifecycle.Change) {
		return lifecycle.Rollback(s, items[i].Record.HaVIPID, reason)
	})
}
