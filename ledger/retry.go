package ledger

import (
	"context"
	"encoding/json"
	"fmt"
)

// Way is how an item can be tried again.
type Way string

// The ways. They are those of lua/retry.lua.
const (
	// Anew: it was never sent; it begins again under its clientToken.
	Anew Way = "anew"
	// NewToken: it provably created nothing; it begins again under its next clientToken.
	NewToken Way = "new-token"
	// LookFirst: what exists is looked at before anything is sent for it, under its clientToken.
	LookFirst Way = "look-first"
	// Hurry: it is under way; its task runs now instead of after its delay.
	Hurry Way = "hurry"
	// NoWay: it cannot be tried again.
	NoWay Way = "none"
)

// RetryWay tells how the item can be tried again, or why it cannot.
func (r Record) RetryWay() (way Way, why string) {
	if r.Cancel != nil {
		return NoWay, "somebody asked to cancel it; its outcome decides"
	}
	switch r.State {
	case Queued, Waiting, Unknown, Deleting:
		return Hurry, ""
	case Review:
		return LookFirst, ""
	case Rejected, Canceled:
		switch {
		case r.Unknown:
			return LookFirst, ""
		case r.Sends == 0:
			return Anew, ""
		}
		return NewToken, ""
	case Sending:
		return NoWay, "a request of it is in flight"
	case Created, Adopted:
		return NoWay, "its HaVIP exists"
	case Deleted:
		return NoWay, "its HaVIP was deleted"
	default:
		return NoWay, "its state is not known here"
	}
}

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

// retryChunk bounds how many items one script call changes.
const retryChunk = 200

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
		n := min(len(retrials), retryChunk)
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
	args := make([]any, 0, 4*len(retrials))
	for _, r := range retrials {
		args = append(args, r.Seen.Key, r.Seen.Record.ClientToken, r.Seen.Record.Sends, r.Next)
	}
	raw, err := l.run(ctx, retryScript, batch, args...)
	if err != nil {
		return nil, err
	}
	list, err := replyOf(raw, len(retrials))
	if err != nil {
		return nil, err
	}
	answers := make([]Retried, len(retrials))
	for i := range list {
		verdict, item, err := changed(list[i], retrials[i].Seen)
		if err != nil {
			return nil, err
		}
		answers[i] = Retried{Verdict: verdict, Item: item}
	}
	return answers, nil
}

// changed reads what a bulk script answers about one item: a verdict, and the record that stands, or
// "" for none.
func changed(raw any, seen Item) (Verdict, Item, error) {
	fields, err := replyOf(raw, 2)
	if err != nil {
		return "", Item{}, err
	}
	item := seen
	if text := fields.text(1); text != "" {
		item.Record = Record{}
		if err := json.Unmarshal([]byte(text), &item.Record); err != nil {
			return "", Item{}, fmt.Errorf("record of item %q: %w", seen.Key, err)
		}
		item.ClientToken = item.Record.ClientToken
	}
	return Verdict(fields.text(0)), item, nil
}
