package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"havip/lifecycle"
)

// Commanded is the ledger's answer about one item of a person's command.
type Commanded struct {
	Verdict Verdict
	// Item is as it stands now; it is the one that the caller saw when Verdict is Absent or Damaged.
	Item Item
	// Err is what is wrong with the item's data when Verdict is Damaged.
	Err error
}

// commandItems bounds how many items a person's command, or a listing, changes in one round trip, so that the answer comes
// before a client gives up: a change that was committed and not answered looks like somebody else's.
const commandItems = 50

// command carries out a command on the items, which the caller has seen as they are given. Decide is told
// which item it decides about. With an error, the answers are about the items before it.
func (l *Ledger) command(ctx context.Context, op, batch string, seen []Item, decide func(i int, s lifecycle.Snapshot) (lifecycle.Commanded, lifecycle.Change)) ([]Commanded, error) {
	answers := make([]Commanded, len(seen))
	for start := 0; start < len(seen); start += commandItems {
		places := every(min(commandItems, len(seen)-start))
		for i := range places {
			places[i] += start
			answers[places[i]].Item = seen[places[i]]
		}
		for len(places) > 0 {
			err := l.commandEach(ctx, batch, places, answers, decide)
			if err == nil {
				break
			}
			sound := withoutDamaged(places, answers, err)
			if len(sound) == len(places) {
				return answers[:start], fmt.Errorf("%s in batch %q: %w", op, batch, err)
			}
			places = sound
		}
	}
	return answers, nil
}

// commandEach carries out a command on the items at the given places of answers.
func (l *Ledger) commandEach(ctx context.Context, batch string, places []int, answers []Commanded, decide func(i int, s lifecycle.Snapshot) (lifecycle.Commanded, lifecycle.Change)) error {
	itemKeys := make([]string, len(places))
	for i, at := range places {
		itemKeys[i] = answers[at].Item.Key
	}
	done, err := l.updateEach(ctx, batch, itemKeys, Record.OpenEntry, func(i int, s lifecycle.Snapshot) lifecycle.Change {
		verdict, change := decide(places[i], s)
		answers[places[i]].Verdict = Verdict(verdict)
		return change
	})
	if err != nil {
		return err
	}
	for i, d := range done {
		answer := &answers[places[i]]
		if d.record == "" {
			answer.Verdict = Absent
			continue
		}
		answer.Item = itemOf(batch, answer.Item.Spec, d.after())
	}
	return nil
}

// withoutDamaged gives the items that err names the verdict Damaged and returns the places of the others. An item is
// read before anything of its chunk is committed, so the others can be tried again.
func withoutDamaged(places []int, answers []Commanded, err error) []int {
	var damaged *UnreadableError
	if !errors.As(err, &damaged) {
		return places
	}
	return slices.DeleteFunc(slices.Clone(places), func(at int) bool {
		fault := damaged.Faults[answers[at].Item.Key]
		if fault != nil {
			answers[at].Verdict, answers[at].Err = Damaged, fault
		}
		return fault != nil
	})
}

// Cancel withdraws items for the given reason. One of which a request is in flight or in doubt is
// canceled only when it is certain that nothing was created: by that request's answer, or by a lookup.
// Until then nothing is sent for it. One whose HaVIP turns out to exist keeps it.
//
// The verdict is Applied when the item is canceled, Asked when its outcome decides; or else Same, Finished
// or Absent. The error, if any, tells that some items may not have been canceled; calling again continues.
func (l *Ledger) Cancel(ctx context.Context, batch, reason string, items []Item) ([]Commanded, error) {
	return l.command(ctx, "cancel", batch, items, func(_ int, s lifecycle.Snapshot) (lifecycle.Commanded, lifecycle.Change) {
		return lifecycle.Cancel(s, reason)
	})
}

// Retrial asks for an item to be tried again, as the caller saw it.
type Retrial struct {
	Seen Item
	// Next is the item's next clientToken.
	Next string
}

// Retry lets items go on that had come to an end: rejected, canceled, or left to a person. An item
// that was rejected or canceled gets its next clientToken, for it provably created nothing; one of
// which that is not proven is looked for before anything is sent. Items that are under way are left
// alone.
//
// The verdict is Applied when the item goes on, and needs a task; Same, when it is under way already; or else
// Busy, Finished, Late or Absent. The error, if any, tells that some items may not have been changed; calling
// again with what stands then continues.
func (l *Ledger) Retry(ctx context.Context, batch string, retrials []Retrial) ([]Commanded, error) {
	seen := make([]Item, len(retrials))
	for i, r := range retrials {
		seen[i] = r.Seen
	}
	return l.command(ctx, "retry", batch, seen, func(i int, s lifecycle.Snapshot) (lifecycle.Commanded, lifecycle.Change) {
		return lifecycle.Retry(s, seen[i].Record, retrials[i].Next)
	})
}

// Rollback asks for the HaVIPs to be deleted that the items are recorded to have created, for the given
// reason. What was adopted is left alone. Deleting goes on until it is done, or BCE refuses it for good:
// see [Ledger.BeginDeletion].
//
// The verdict is Applied when its HaVIP is to be deleted, and the item needs a task; or else Same, Finished,
// Late or Absent. The error, if any, tells that some items may not have been changed; calling again continues.
func (l *Ledger) Rollback(ctx context.Context, batch, reason string, items []Item) ([]Commanded, error) {
	return l.command(ctx, "roll back", batch, items, func(i int, s lifecycle.Snapshot) (lifecycle.Commanded, lifecycle.Change) {
		return lifecycle.Rollback(s, items[i].Record.HaVIPID, reason)
	})
}
