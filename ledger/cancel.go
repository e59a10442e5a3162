package ledger

import (
	"context"
	"fmt"

	"havip/lifecycle"
)

// Canceling is the ledger's answer about one item.
type Canceling struct {
	// Verdict is Applied when the item is canceled, Asked when its outcome decides; or else Same,
	// Finished or Absent.
	Verdict Verdict
	// Item is as it stands now; it is the one that the caller saw when Verdict is Absent.
	Item Item
}

// Cancel withdraws items for the given reason. One of which a request is in flight or in doubt is
// canceled only when it is certain that nothing was created: by that request's answer, or by a lookup.
// Until then nothing is sent for it. One whose HaVIP turns out to exist keeps it.
//
// The error, if any, tells that some items may not have been canceled; calling again continues.
func (l *Ledger) Cancel(ctx context.Context, batch, reason string, items []Item) ([]Canceling, error) {
	answers := make([]Canceling, 0, len(items))
	for len(items) > 0 {
		n := min(len(items), commandChunk)
		chunk, err := l.cancelChunk(ctx, batch, reason, items[:n])
		if err != nil {
			return answers, fmt.Errorf("cancel in batch %q: %w", batch, err)
		}
		answers, items = append(answers, chunk...), items[n:]
	}
	return answers, nil
}

func (l *Ledger) cancelChunk(ctx context.Context, batch, reason string, items []Item) ([]Canceling, error) {
	answers := make([]Canceling, len(items))
	done, err := l.updateEach(ctx, batch, keysOfItems(items), func(i int, s lifecycle.Snapshot) lifecycle.Change {
		verdict, change := lifecycle.Cancel(s, reason)
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

func keysOfItems(items []Item) []string {
	itemKeys := make([]string, len(items))
	for i, item := range items {
		itemKeys[i] = item.Key
	}
	return itemKeys
}

// standing is the item as it stands after a command, or as the caller saw it where nobody registered it.
func standing(verdict Verdict, seen Item, d decided) (Verdict, Item) {
	if d.record == "" {
		return Absent, seen
	}
	seen.Record = d.after()
	seen.ClientToken = seen.Record.ClientToken
	return verdict, seen
}
