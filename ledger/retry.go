package ledger

import (
	"context"
	"fmt"

	"havip/lifecycle"
)

// Retrial asks for an item to be tried again, as the caller saw it.
type Retrial struct {
	Seen Item
	// Next is the item's next clientToken.
	Next string
}

// Retried is the ledger's answer about one item.
type Retried struct {
	// Verdict is Applied when the item goes on, and needs a task; Same, when it is under way already;
	// or else Busy, Finished, Late or Absent.
	Verdict Verdict
	// Item is as it stands now; it is the one that the caller saw when Verdict is Absent.
	Item Item
}

// Retry lets items go on that had come to an end: rejected, canceled, or left to a person. An item
// that was rejected or canceled gets its next clientToken, for it provably created nothing; one of
// which that is not proven is looked for before anything is sent. Items that are under way are left
// alone.
//
// The error, if any, tells that some items may not have been changed; calling again with what stands
// then continues.
func (l *Ledger) Retry(ctx context.Context, batch string, retrials []Retrial) ([]Retried, error) {
	if len(retrials) == 0 {
		return nil, nil
	}
	// Before and after, for the reasons that Register has.
	if err := l.touch(ctx, batch); err != nil {
		return nil, fmt.Errorf("retry in batch %q: %w", batch, err)
	}
	answers := make([]Retried, 0, len(retrials))
	for len(retrials) > 0 {
		n := min(len(retrials), commandChunk)
		chunk, err := l.retryChunk(ctx, batch, retrials[:n])
		if err != nil {
			return answers, fmt.Errorf("retry in batch %q: %w", batch, err)
		}
		answers, retrials = append(answers, chunk...), retrials[n:]
	}
	if err := l.touch(ctx, batch); err != nil {
		return answers, fmt.Errorf("retry in batch %q: %w", batch, err)
	}
	return answers, nil
}

func (l *Ledger) retryChunk(ctx context.Context, batch string, retrials []Retrial) ([]Retried, error) {
	answers, itemKeys := make([]Retried, len(retrials)), make([]string, len(retrials))
	for i, r := range retrials {
		itemKeys[i] = r.Seen.Key
	}
	done, err := l.updateEach(ctx, batch, itemKeys, func(i int, s lifecycle.Snapshot) lifecycle.Change {
		verdict, change := lifecycle.Retry(s, retrials[i].Seen.Record, retrials[i].Next)
		answers[i].Verdict = Verdict(verdict)
		return change
	})
	if err != nil {
		return nil, err
	}
	for i, r := range retrials {
		answers[i].Verdict, answers[i].Item = standing(answers[i].Verdict, r.Seen, done[i])
	}
	return answers, nil
}
