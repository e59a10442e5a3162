package bulk

import (
	"context"
	"iter"
	"sync"

	"havip/ledger"
	"havip/lifecycle"
)

// Decision is the action on one item, or [None] and the reason.
type Decision struct {
	Action, Why string
	// fault is what is wrong with the data of a damaged item.
	fault error
}

// None is the action on an item that is left alone.
const None = "none"

// Operation is one of retry, cancel, rollback and resolve.
type Operation struct {
	// Name is the command's name, and the kind of its act in the batch's events.
	Name string
	// evaluate decides from an item's record alone, without I/O.
	evaluate func(item ledger.Item, chosen Selection) Decision
	// carryOut applies the operation to items that may have changed since they were evaluated, and returns
	// for each what was done.
	carryOut func(ctx context.Context, exec *Executor, items []ledger.Item) ([]Decision, error)
	// finish is called after the last items; it may be nil.
	finish func(ctx context.Context, exec *Executor) error
}

// Plan evaluates the chosen items and changes nothing.
func (op Operation) Plan(ctx context.Context, l *ledger.Ledger, batch string, chosen Selection) (*Tally, error) {
	var plan Tally
	skip := func(fault error) { plan.add(leaveDamaged(fault), "") }
	for item, err := range undamaged(chosen.Items(ctx, l, batch), skip) {
		if err != nil {
			return nil, err
		}
		plan.add(op.evaluate(item, chosen), item.Record.State)
	}
	return &plan, nil
}

// Forecast is what [Operation.Plan] is likely to return, from the batch's counters alone: it reads nothing. ok is false for a
// selection by anything but the state. It does not know of items that are being canceled, or are damaged.
func (op Operation) Forecast(b ledger.Batch, chosen Selection) (plan *Tally, ok bool) {
	if chosen.names("code", "key", "account", "region", "subnetId", "class") {
		return nil, false
	}
	plan = &Tally{}
	wanted, given := chosen.value("state")
	unconfirmed := b.Unconfirmed
	for _, state := range ledger.States() {
		n := b.Counts[state]
		if n <= 0 || given && wanted != string(state) {
			continue
		}
		record := ledger.Record{State: state, Sends: 1, Unknown: state == ledger.Unknown}
		if state.Succeeded() && unconfirmed > 0 {
			pending := min(unconfirmed, n)
			unconfirmed, n = unconfirmed-pending, n-pending
			waiting := record
			waiting.ConfirmAt = 1
			plan.addAll(op.evaluate(ledger.Item{Record: waiting}, chosen), state, pending)
		}
		if n > 0 {
			plan.addAll(op.evaluate(ledger.Item{Record: record}, chosen), state, n)
		}
	}
	return plan, true
}

// CarryOut applies the operation to the chosen items; planned is how many of them the plan found eligible.
// It logs who does it before, and the result after. With an error the tally holds what was done until then.
func (op Operation) CarryOut(ctx context.Context, exec *Executor, chosen Selection, planned int64, progress func(done int64)) (*Tally, error) {
	act := ledger.Act{Kind: op.Name, By: exec.By, Reason: exec.Reason, Items: planned, Detail: chosen.String()}
	if err := exec.Ledger.Note(ctx, exec.Batch, act); err != nil {
		return &Tally{}, err
	}
	var done Tally
	var mu sync.Mutex // an item that is left alone is reported while others are changed
	err := op.each(ctx, exec, chosen, func(d Decision, item ledger.Item) {
		mu.Lock()
		defer mu.Unlock()
		done.add(d, item.Record.State)
		progress(done.Eligible())
	})
	if err == nil {
		err = op.Finish(ctx, exec)
	}
	if err != nil {
		return &done, err
	}
	act.Kind, act.Reason, act.Items, act.Detail = op.Name+"-done", "", done.Eligible(), done.summary()
	return &done, exec.Ledger.Note(ctx, exec.Batch, act)
}

// Finish does what follows the last item. CarryOut includes it; it is repeated for an operation that was killed before it.
func (op Operation) Finish(ctx context.Context, exec *Executor) error {
	if op.finish == nil {
		return nil
	}
	return op.finish(ctx, exec)
}

// each works in chunks, so that memory does not grow with the batch. It calls tell from several goroutines.
func (op Operation) each(ctx context.Context, exec *Executor, chosen Selection, tell func(Decision, ledger.Item)) error {
	return inChunks(op.eligible(ctx, exec, chosen, tell), func(items []ledger.Item) error {
		decisions, err := op.carryOut(ctx, exec, items)
		for i, d := range decisions {
			tell(d, items[i])
		}
		return err
	})
}

// eligible yields the chosen items that need an action; the others go to tell at once.
func (op Operation) eligible(ctx context.Context, exec *Executor, chosen Selection, tell func(Decision, ledger.Item)) iter.Seq2[ledger.Item, error] {
	return func(yield func(ledger.Item, error) bool) {
		skip := func(fault error) { tell(leaveDamaged(fault), ledger.Item{}) }
		for item, err := range undamaged(chosen.Items(ctx, exec.Ledger, exec.Batch), skip) {
			if err == nil {
				if d := op.evaluate(item, chosen); d.Action == None {
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

// changed is the decision on an item that was eligible a moment ago.
func changed(answer ledger.Commanded) Decision {
	if answer.Result == lifecycle.CommandDamaged {
		return leaveDamaged(ledger.Unreadable(answer.Item.Batch, answer.Item.Key, answer.Err))
	}
	return Decision{Action: None, Why: "it is " + string(answer.Item.Record.State) + " meanwhile"}
}
