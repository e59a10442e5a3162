package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"havip/lifecycle"
)

// Source is who registered a batch, and from what. It is stored when the batch is new.
type Source struct {
	// File is the producer's file name, for display.
	File string
	// By names the producer: user and host.
	By string
	// MaxFailures is how many items may fail before the batch is paused.
	MaxFailures FailureLimit
	// Plan identifies the saved plan that made the batch, if one did.
	Plan string
	// Whole is true if the producer has no further items: a new batch is committed with them, and a committed one
	// remains committed. It is not stored.
	Whole bool
	// Task is true if the item is of a task with a clientToken that is not registered: in a batch that was
	// deleted, it is a leftover. It is not stored.
	Task bool
	// OnComplete, if not "", is the URL that a producer gives to [Ledger.SetOnComplete] before it
	// commits. Registering does not read it.
	OnComplete string
}

// registerTrip bounds how many items one round trip sends to Redis, in several calls.
const registerTrip = 5 * readChunk

// Register registers specs in the batch and returns an answer for each, in the same order. Specs that are already registered
// are compared by fingerprint. Each item is registered by itself: a conflict does not affect the others.
//
// After an error, some items may not be registered; call again with the same specs to continue. The name of an archived
// batch is reserved: the error is then a [*BatchNotFoundError].
func (l *Ledger) Register(ctx context.Context, batch string, source Source, specs []Spec) ([]Registration, error) {
	if err := l.touch(ctx, batch); err != nil {
		return nil, fmt.Errorf("register in batch %q: %w", batch, err)
	}
	answers := make([]Registration, 0, len(specs))
	for trip := range slices.Chunk(specs, registerTrip) {
		answered, err := l.registerTrip(ctx, batch, source, trip)
		if errors.Is(err, errArchived) {
			return answers, cmp.Or(l.unlist(ctx, batch), l.archivedError(ctx, batch))
		}
		if err != nil {
			return answers, fmt.Errorf("register in batch %q: %w", batch, err)
		}
		answers = append(answers, answered...)
	}
	if err := l.touch(ctx, batch); err != nil {
		return answers, fmt.Errorf("register in batch %q: %w", batch, err)
	}
	return answers, nil
}

// registerTrip registers specs in two round trips: it reads the items and writes the missing ones. Items that another
// producer has written in between are read again.
func (l *Ledger) registerTrip(ctx context.Context, batch string, source Source, specs []Spec) ([]Registration, error) {
	answers := make([]Registration, len(specs))
	keys := make([]string, len(specs))
	for i, spec := range specs {
		keys[i] = spec.Key
	}
	left := every(len(specs)) // the undecided ones
	for range maxConflicts {
		existing, err := l.readEach(ctx, batch, pick(keys, left), make([]lifecycle.LogKey, len(left)))
		if err == nil {
			err = unreadable(batch, existing)
		}
		if err != nil {
			return nil, err
		}
		var again map[string]bool
		fresh, err := compareEach(source, specs, left, existing, answers)
		if err == nil {
			again, err = l.enter(ctx, batch, source, fresh)
		}
		switch {
		case errors.Is(err, errForgotten): // the batch was deleted since it was read
			left = every(len(specs))
			continue
		case err != nil:
			return nil, err
		}
		left = slices.DeleteFunc(left, func(at int) bool { return !again[specs[at].Key] })
		if len(left) == 0 {
			return answers, nil
		}
	}
	return nil, errConflicts
}

// compareEach compares the specs at the given indexes with the existing items, fills in the answers, and returns the
// items to write.
func compareEach(source Source, specs []Spec, places []int, existing []read, answers []Registration) (fresh []entering, err error) {
	entered := map[string]int{} // their indexes by key, because a key may occur twice
	for i, at := range places {
		spec, s := specs[at], existing[i]
		if n, twice := entered[spec.Key]; twice {
			s.Record, s.spec = fresh[n].record, fresh[n].text
		}
		answer, record, err := compare(spec, s, source)
		if err != nil {
			return nil, err
		}
		if answers[at] = answer; answer.Result != lifecycle.RegisteredNew {
			continue
		}
		text, err := encodeSpec(spec)
		if err != nil {
			return nil, err
		}
		entered[spec.Key] = len(fresh)
		fresh = append(fresh, entering{spec, text, record, s.Batch.Forgotten})
	}
	return fresh, nil
}

// compare returns the result for a spec and, with [lifecycle.RegisteredNew], the record to write.
func compare(spec Spec, existing read, source Source) (Registration, Record, error) {
	result, record := lifecycle.Register(existing.Snapshot, lifecycle.Asked{
		Fingerprint: spec.Fingerprint, ClientToken: spec.ClientToken, FromTask: source.Task,
		Address: spec.Address, Automatic: spec.Automatic, HaVIPID: spec.HaVIPID, HaVIPAddress: spec.HaVIPAddress,
	})
	switch {
	case result == lifecycle.RegisteredGone:
		return Registration{Result: result}, record, nil
	case result == lifecycle.RegisteredNew && existing.archived:
		return Registration{}, record, errArchived
	}
	answer := Registration{Result: result, State: record.State, ClientToken: record.ClientToken, Generation: record.Generation}
	if result == lifecycle.RegisteredConflict || result == lifecycle.RegisteredRepair {
		existing, err := decodeSpec(spec.Key, existing.spec)
		if err != nil {
			return answer, record, err
		}
		if result == lifecycle.RegisteredRepair {
			answer.Priority = existing.Priority
			return answer, record, nil
		}
		existing.ClientToken, existing.Fingerprint, existing.Address = record.ClientToken, record.Fingerprint, record.PrivateIPAddress
		answer.Existing = &existing
	}
	return answer, record, nil
}

// entering is an item that was unregistered when it was read.
type entering struct {
	spec   Spec
	text   string
	record Record
	// forgotten is the batch's forgotten generation when it was read.
	forgotten int
}

// errForgotten means that the batch was deleted since it was read.
var errForgotten = errors.New("the batch was deleted")

// enter writes items in one round trip, and returns the keys of those that the batch already has.
func (l *Ledger) enter(ctx context.Context, batch string, source Source, items []entering) (again map[string]bool, err error) {
	var calls [][]any
	chunks := slices.Collect(chunksOfOneState(items))
	for _, chunk := range chunks {
		args := append([]any{chunk[0].forgotten, flag(source.Whole), string(chunk[0].record.State)}, source.facts()...)
		for _, e := range chunk {
			record, err := encodeRecord(batch, e.spec.Key, e.record)
			if err != nil {
				return nil, err
			}
			args = append(args, e.spec.Key, e.text, record)
		}
		calls = append(calls, args)
	}
	replies, err := l.runEach(ctx, registerScript, batch, calls)
	if err != nil {
		return nil, err
	}
	again = map[string]bool{}
	for i, raw := range replies {
		chunk := chunks[i]
		there, listed := raw.([]any)
		if !listed {
			return nil, errForgotten
		}
		for n := range chunk {
			if slices.Contains(there, any(int64(n+1))) {
				again[chunk[n].spec.Key] = true
			}
		}
	}
	return again, nil
}

// chunksOfOneState yields up to readChunk items of one state at a time: one call registers items of one state.
func chunksOfOneState(items []entering) iter.Seq[[]entering] {
	return func(yield func([]entering) bool) {
		for len(items) > 0 {
			n := 1
			for n < min(len(items), readChunk) && items[n].record.State == items[0].record.State {
				n++
			}
			if !yield(items[:n]) {
				return
			}
			items = items[n:]
		}
	}
}

// facts returns what a new batch stores of its source: the number of facts, then names and values.
func (s Source) facts() []any {
	var facts []any
	for _, f := range [][2]string{{"file", s.File}, {"by", s.By}, {"maxFailures", string(s.MaxFailures)}, {"plan", s.Plan}} {
		if f[1] != "" {
			facts = append(facts, f[0], f[1])
		}
	}
	return append([]any{len(facts) / 2}, facts...)
}

// MarkEnqueued records that the tasks of these items are in the queue, so that a later Register returns Same for them.
func (l *Ledger) MarkEnqueued(ctx context.Context, batch string, itemKeys []string) error {
	for trip := range slices.Chunk(itemKeys, registerTrip) {
		if err := l.markTrip(ctx, batch, trip); err != nil {
			return fmt.Errorf("mark enqueued in batch %q: %w", batch, err)
		}
	}
	return nil
}

// markTrip is MarkEnqueued in two round trips; items that change in between are read again.
func (l *Ledger) markTrip(ctx context.Context, batch string, left []string) error {
	for range maxConflicts {
		items, err := l.readEach(ctx, batch, left, make([]lifecycle.LogKey, len(left)))
		if err == nil {
			err = unreadable(batch, items)
		}
		if err != nil {
			return err
		}
		var calls [][]any
		left = nil
		for chunk := range slices.Chunk(items, readChunk) {
			args, err := marks(chunk)
			if err != nil {
				return err
			}
			if len(args) > 0 {
				calls = append(calls, args)
			}
		}
		replies, err := l.runEach(ctx, enqueuedScript, batch, calls)
		if err != nil {
			return err
		}
		for i, raw := range replies {
			changed, _ := raw.([]any)
			for _, n := range changed {
				at, _ := n.(int64)
				key, _ := calls[i][3*(at-1)].(string)
				left = append(left, key)
			}
		}
		if len(left) == 0 {
			return nil
		}
	}
	return errConflicts
}

// marks returns the arguments of lua/enqueued.lua for the items to mark.
func marks(items []read) (args []any, err error) {
	for _, r := range items {
		after := lifecycle.MarkEnqueued(r.Snapshot)
		if after == nil {
			continue
		}
		text, err := encodeRecord(r.batch, r.key, *after)
		if err != nil {
			return nil, err
		}
		args = append(args, r.key, r.record, text)
	}
	return args, nil
}

// Commit records that the producer has registered all items. Only a committed batch completes. Commit is safe to repeat.
func (l *Ledger) Commit(ctx context.Context, batch string) error {
	raw, err := l.run(ctx, commitScript, batch)
	if err != nil {
		return fmt.Errorf("commit batch %q: %w", batch, err)
	}
	if n, _ := raw.(int64); n < 0 {
		return &BatchNotFoundError{Batch: batch}
	}
	return nil
}
