package ledger

import (
	"context"
	"fmt"

	"havip/lifecycle"
)

// RolledBack is the ledger's answer about one item.
type RolledBack struct {
	// Verdict is Applied when its HaVIP is to be deleted, and the item needs a task; or else Same,
	// Finished, Late or Absent.
	Verdict Verdict
	// Item is as it stands now; it is the one that the caller saw when Verdict is Absent.
	Item Item
}

// Rollback asks for the HaVIPs to be deleted that the items are recorded to have created, for the given
// reason. What was adopted is left alone. Deleting goes on until it is done, or BCE refuses it for good:
// see [Ledger.BeginDeletion].
//
// The error, if any, tells that some items may not have been changed; calling again continues.
func (l *Ledger) Rollback(ctx context.Context, batch, reason string, items []Item) ([]RolledBack, error) {
	if len(items) == 0 {
		return nil, nil
	}
	// Before and after, for the reasons that Register has.
	if err := l.touch(ctx, batch); err != nil {
		return nil, fmt.Errorf("roll back in batch %q: %w", batch, err)
	}
	answers := make([]RolledBack, 0, len(items))
	for len(items) > 0 {
		n := min(len(items), commandChunk)
		chunk, err := l.rollbackChunk(ctx, batch, reason, items[:n])
		if err != nil {
			return answers, fmt.Errorf("roll back in batch %q: %w", batch, err)
		}
		answers, items = append(answers, chunk...), items[n:]
	}
	if err := l.touch(ctx, batch); err != nil {
		return answers, fmt.Errorf("roll back in batch %q: %w", batch, err)
	}
	return answers, nil
}

func (l *Ledger) rollbackChunk(ctx context.Context, batch, reason string, items []Item) ([]RolledBack, error) {
	answers := make([]RolledBack, len(items))
	done, err := l.updateEach(ctx, batch, keysOfItems(items), func(i int, s lifecycle.Snapshot) lifecycle.Change {
		verdict, change := lifecycle.Rollback(s, items[i].Record.HaVIPID, reason)
		answers[i].Verdict = Verdict(verdict)
		return change
	})
	if err != nil {
		return nil, err
	}
	for i, item := range items {
		answers[i].Verdict, answers[i].Item = standing(answers[i].Verdict, item, done[i])
	}
	return answers, nil
}
