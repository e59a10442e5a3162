package ledger

import (
	"context"
	"fmt"
)

// Cancellation is a person's wish that an item be canceled, while a request of it is in flight or in
// doubt. What that request came to decides.
type Cancellation struct {
	At Millis `json:"at"`
	// Reason is in the person's words.
	Reason string `json:"why"`
}

// CancelWay is what cancelling an item does.
type CancelWay string

// The ways. They are those of lua/cancel.lua.
const (
	// CancelNow: nothing of it is in flight or in doubt; it is canceled at once.
	CancelNow CancelWay = "cancel"
	// CancelLater: it is canceled when it is certain that nothing was created.
	CancelLater CancelWay = "after-outcome"
	// CancelNot: it cannot be canceled.
	CancelNot CancelWay = "none"
)

// CancelWay tells what cancelling the item does, or why it does nothing.
func (r Record) CancelWay() (way CancelWay, why string) {
	switch {
	case r.State == Canceled:
		return CancelNot, "it is canceled"
	case r.State.Succeeded():
		return CancelNot, "its HaVIP exists"
	case r.State == Deleting:
		return CancelNot, "its HaVIP is being deleted"
	case r.State == Deleted:
		return CancelNot, "its HaVIP was deleted"
	case r.State == Rejected:
		return CancelNot, "it was rejected, and created nothing"
	case r.State == Review:
		return CancelNot, "it is in review: a HaVIP that may be its own exists"
	case r.Cancel != nil:
		return CancelNot, "that was asked for before; its outcome decides"
	case r.State == Sending, r.Unknown:
		return CancelLater, ""
	default:
		return CancelNow, ""
	}
}

// Canceling is the ledger's answer about one item.
type Canceling struct {
	// Verdict is Applied when the item is canceled, Asked when its outcome decides; or else Same,
	// Finished or Absent.
	Verdict Verdict
	// Item is as it stands now; it is the one that the caller saw when Verdict is Absent.
	Item Item
}

// cancelChunk bounds how many items one script call changes.
const cancelChunk = 200

// Cancel withdraws items for the given reason. One of which a request is in flight or in doubt is
// canceled only when it is certain that nothing was created: by that request's answer, or by a lookup.
// Until then nothing is sent for it. One whose HaVIP turns out to exist keeps it.
//
// The error, if any, tells that some items may not have been canceled; calling again continues.
func (l *Ledger) Cancel(ctx context.Context, batch, reason string, items []Item) ([]Canceling, error) {
	answers := make([]Canceling, 0, len(items))
	for len(items) > 0 {
		n := min(len(items), cancelChunk)
		chunk, err := l.cancelChunk(ctx, batch, reason, items[:n])
		if err != nil {
			return answers, fmt.Errorf("cancel in batch %q: %w", batch, err)
		}
		answers, items = append(answers, chunk...), items[n:]
	}
	return answers, nil
}

func (l *Ledger) cancelChunk(ctx context.Context, batch, reason string, items []Item) ([]Canceling, error) {
	args := make([]any, 0, 1+len(items))
	args = append(args, reason)
	for _, item := range items {
		args = append(args, item.Key)
	}
	raw, err := l.run(ctx, cancelScript, batch, args...)
	if err != nil {
		return nil, err
	}
	list, err := replyOf(raw, len(items))
	if err != nil {
		return nil, err
	}
	answers := make([]Canceling, len(items))
	for i := range list {
		verdict, item, err := changed(list[i], items[i])
		if err != nil {
			return nil, err
		}
		answers[i] = Canceling{Verdict: verdict, Item: item}
	}
	return answers, nil
}
