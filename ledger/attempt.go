package ledger

import (
	"context"
	"errors"
	"time"

	"havip/lifecycle"
)

// Begin records the intent to send a request. Only if the result is [lifecycle.StartSend] may the caller send, exactly
// the item's Body under the record's ClientToken; the record's Sends is then the number to give to [Ledger.Record].
// Known is the item from an earlier Start.
func (l *Ledger) Begin(ctx context.Context, batch, key string, known Known, o BeginOptions) (Start, error) {
	return l.start(ctx, "begin", batch, key, known, func(s lifecycle.Snapshot) (lifecycle.Start, time.Duration, lifecycle.Change) {
		return lifecycle.Begin(s, o)
	})
}

// start is an update that begins an attempt.
func (l *Ledger) start(ctx context.Context, op, batch, key string, known Known, begin func(lifecycle.Snapshot) (lifecycle.Start, time.Duration, lifecycle.Change)) (Start, error) {
	var answer lifecycle.Start
	var wait time.Duration
	d, err := l.update(ctx, batch, key, known, Record.OpenEntry, func(s lifecycle.Snapshot) (c lifecycle.Change) {
		answer, wait, c = begin(s)
		return c
	})
	switch {
	case errors.Is(err, errAbsent):
		return Start{Result: lifecycle.StartAbsent, At: d.Now}, nil
	case err != nil:
		return Start{}, itemError(op, batch, key, err)
	}
	item, err := d.item(batch)
	if err != nil {
		return Start{}, itemError(op, batch, key, err)
	}
	return Start{Result: answer, Item: item, At: d.Now, Wait: wait, Known: Known{d.stands}}, nil
}

// Record records the outcome of send n, once. A created outcome is a proof and is always accepted; any other applies
// only while the item waits for it. Known is the item from the send's Start. It returns the resulting record.
func (l *Ledger) Record(ctx context.Context, batch, key string, known Known, n int, outcome Outcome) (lifecycle.Recorded, Record, error) {
	return transition(ctx, l, "record", batch, key, lifecycle.RecordedAbsent, known, entry("", n), func(s lifecycle.Snapshot) (lifecycle.Recorded, lifecycle.Change) {
		return lifecycle.RecordOutcome(s, n, outcome)
	})
}

// Settle ends an item without a request, in state [Rejected] or [Review], with the reason as code and message. See
// [lifecycle.Settle].
func (l *Ledger) Settle(ctx context.Context, batch, key string, state State, code, message string, candidates ...lifecycle.Candidate) (lifecycle.Settled, Record, error) {
	return transition(ctx, l, "settle", batch, key, lifecycle.SettledAbsent, Known{}, Record.OpenEntry, func(s lifecycle.Snapshot) (lifecycle.Settled, lifecycle.Change) {
		return lifecycle.Settle(s, state, code, message, candidates...)
	})
}

// entry and noEntry return the log entry that a decision needs.
func entry(op string, n int) func(Record) lifecycle.LogKey {
	return func(Record) lifecycle.LogKey { return lifecycle.LogKey{Op: op, Number: n} }
}

func noEntry(Record) lifecycle.LogKey { return lifecycle.LogKey{} }

// transition is an update that returns the result, absent for an unregistered item, and the resulting record.
func transition[V ~string](ctx context.Context, l *Ledger, op, batch, key string, absent V, known Known, entryOf func(Record) lifecycle.LogKey, decide func(lifecycle.Snapshot) (V, lifecycle.Change)) (result V, rec Record, err error) {
	d, err := l.update(ctx, batch, key, known, entryOf, func(s lifecycle.Snapshot) (c lifecycle.Change) {
		result, c = decide(s)
		return c
	})
	switch {
	case errors.Is(err, errAbsent):
		return absent, Record{}, nil
	case err != nil:
		return "", Record{}, itemError(op, batch, key, err)
	}
	return result, d.after(), nil
}
