package ledger

import (
	"context"
	"fmt"
)

// Deletion is a person's wish that the item's HaVIP be deleted, while it is carried out.
type Deletion struct {
	At Millis `json:"at"`
	// Reason is in the person's words.
	Reason string `json:"why"`
	// SentAt is when the last try began; 0 before the first.
	SentAt Millis `json:"sentAt"`
	// Unknown is set when BCE may have acted on an earlier try.
	Unknown bool `json:"unknown"`
}

// RollbackWay is what rolling an item back does.
type RollbackWay string

// The ways. They are those of lua/rollback.lua.
const (
	// Undo: its HaVIP is deleted.
	Undo RollbackWay = "delete"
	// UndoNot: there is nothing of its own to delete.
	UndoNot RollbackWay = "none"
)

// RollbackWay tells what rolling the item back does, or why it does nothing.
func (r Record) RollbackWay() (way RollbackWay, why string) {
	switch r.State {
	case Created:
		return Undo, ""
	case Adopted:
		return UndoNot, "it was adopted: that this batch created it is not proven"
	case Deleting:
		return UndoNot, "that was asked for before"
	case Deleted:
		return UndoNot, "its HaVIP was deleted"
	case Review:
		return UndoNot, "it is in review: which HaVIP is its own is not known"
	case Rejected, Canceled:
		return UndoNot, "it created nothing"
	default:
		return UndoNot, "it is not finished; cancel it first, or wait"
	}
}

// RolledBack is the ledger's answer about one item.
type RolledBack struct {
	// Verdict is Applied when its HaVIP is to be deleted, and the item needs a task; or else Same,
	// Finished, Late or Absent.
	Verdict Verdict
	// Item is as it stands now; it is the one that the caller saw when Verdict is Absent.
	Item Item
}

// rollbackChunk bounds how many items one script call changes.
const rollbackChunk = 200

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
		n := min(len(items), rollbackChunk)
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
	args := make([]any, 0, 1+2*len(items))
	args = append(args, reason)
	for _, item := range items {
		args = append(args, item.Key, item.Record.HaVIPID)
	}
	raw, err := l.run(ctx, rollbackScript, batch, args...)
	if err != nil {
		return nil, err
	}
	list, err := replyOf(raw, len(items))
	if err != nil {
		return nil, err
	}
	answers := make([]RolledBack, len(items))
	for i := range list {
		verdict, item, err := changed(list[i], items[i])
		if err != nil {
			return nil, err
		}
		answers[i] = RolledBack{Verdict: verdict, Item: item}
	}
	return answers, nil
}
