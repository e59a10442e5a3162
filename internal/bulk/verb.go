package bulk

import (
	"context"
	"iter"

	"havip/ledger"
)

// Deed is what is done to an item, or [None] and why.
type Deed struct {
	Action, Why string
	// fault is what is wrong with the data of a damaged item.
	fault error
}

// None is the action on an item that is left alone.
const None = "none"

// Verb is what can be done to many items of a batch.
type Verb struct {
	// Name is the verb in a word, and the kind of its act in the batch's events.
	Name string
	// judge tells what would be done to an item.
	judge func(item ledger.Item, chosen Selection) Deed
	// carryOut does it to items that may have changed since they were judged, and tells of each what
	// was done.
	carryOut func(ctx context.Context, on *Site, items []ledger.Item) ([]Deed, error)
}

// Plan judges the chosen items, and changes nothing.
func (v Verb) Plan(ctx context.Context, l *ledger.Ledger, batch string, chosen Selection) (*Tally, error) {
	var plan Tally
	skip := func(fault error) { plan.add(leaveDamaged(fault), "") }
	for item, err := range undamaged(chosen.Items(ctx, l, batch), skip) {
		if err != nil {
			return nil, err
		}
		plan.add(v.judge(item, chosen), item.Record.State)
	}
	return &plan, nil
}

// CarryOut does the verb to the chosen items, of which it was planned for so many. It notes who does it
// before, and what came of it after. After an error the tally is what was done until then.
func (v Verb) CarryOut(ctx context.Context, on *Site, chosen Selection, planned int64, progress func(done int64)) (*Tally, error) {
	act := ledger.Act{Kind: v.Name, By: on.By, Reason: on.Reason, Items: planned, Detail: chosen.String()}
	if err := on.Ledger.Note(ctx, on.Batch, act); err != nil {
		return &Tally{}, err
	}
	var done Tally
	err := v.each(ctx, on, chosen, func(d Deed, item ledger.Item) {
		done.add(d, item.Record.State)
		progress(done.Eligible())
	})
	if err != nil {
		return &done, err
	}
	act.Kind, act.Reason, act.Items, act.Detail = v.Name+"-done", "", done.Eligible(), done.summary()
	return &done, on.Ledger.Note(ctx, on.Batch, act)
}

// each carries the verb out chunk by chunk, so that memory does not grow with the batch.
func (v Verb) each(ctx context.Context, on *Site, chosen Selection, tell func(Deed, ledger.Item)) error {
	return inChunks(v.eligible(ctx, on, chosen, tell), func(items []ledger.Item) error {
		deeds, err := v.carryOut(ctx, on, items)
		for i, d := range deeds {
			tell(d, items[i])
		}
		return err
	})
}

// eligible are the chosen items to which something is to be done; the others are told.
func (v Verb) eligible(ctx context.Context, on *Site, chosen Selection, tell func(Deed, ledger.Item)) iter.Seq2[ledger.Item, error] {
	return func(yield func(ledger.Item, error) bool) {
		skip := func(fault error) { tell(leaveDamaged(fault), ledger.Item{}) }
		for item, err := range undamaged(chosen.Items(ctx, on.Ledger, on.Batch), skip) {
			if err == nil {
				if d := v.judge(item, chosen); d.Action == None {
					tell(d, item)
					continue
				}
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

// changed is the deed on an item that was eligible a moment ago.
func changed(answer ledger.Commanded) Deed {
	if answer.Verdict == ledger.Damaged {
		return leaveDamaged(ledger.Unreadable(answer.Item.Batch, answer.Item.Key, answer.Err))
	}
	return Deed{Action: None, Why: "it is " + string(answer.Item.Record.State) + " meanwhile"}
}
