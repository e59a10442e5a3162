package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"time"
)

// BeginOptions are the terms of one attempt.
type BeginOptions struct {
	// ClientToken is the token that the caller means to send; "" accepts the item's own.
	ClientToken string
	// Fingerprint is of the request that the caller means; "" accepts whichever stands.
	Fingerprint string
	// Worker names the process, for people to find it.
	Worker string
	// Ticket is unique to this attempt, so that a repeated call after a lost reply is
	// recognised as the same.
	Ticket string
	// Lease is how long the attempt may take at the very most. After it, another worker may
	// begin the next one. A lease that the ledger's clock gave before it was put back is waited for
	// only while what is left of it is at most twice this one.
	Lease time.Duration
	// Request is how long after this call the attempt's request is certainly over; [Ledger.Release] lets
	// others go on then, when the worker is dead. It is shorter than Lease, for a worker that lives has to
	// record the outcome as well; 0 means Lease.
	Request time.Duration
	// TokenMaxAge is how long after the first send with an unknown outcome, or that was refused,
	// its token may still be sent; 0 means for ever. Later sends do not extend it: BCE extends a token's life when
	// it receives it, and whether it did is what nobody knows.
	TokenMaxAge time.Duration
	// ClockOffset is what BCE's clock is known to be ahead of ours: a token ages by BCE's.
	ClockOffset time.Duration
	// LookedUp says that the item was idle and its HaVIP has been looked for, in vain.
	LookedUp bool
	// RetryHorizon ends retries this long after the first of the failures that go on; 0 means never. For
	// an item that nobody has sent for an hour, it begins anew.
	RetryHorizon time.Duration
}

// Begin makes the intent to send a request durable. Only when the verdict is [Begun] may the
// caller send, exactly the item's Body under the record's ClientToken; the record's Sends is
// then the number to give to [Ledger.Record].
func (l *Ledger) Begin(ctx context.Context, batch, key string, o BeginOptions) (Start, error) {
	raw, err := l.run(ctx, beginScript, batch, key, o.ClientToken, o.Worker,
		millis(o.Lease), millis(o.TokenMaxAge), millis(o.RetryHorizon), o.Ticket, o.Fingerprint, millis(o.ClockOffset), flag(o.LookedUp), millis(cmp.Or(o.Request, o.Lease)))
	return startOf("begin", batch, key, raw, err)
}

// startOf reads the answer of a script that begins something.
func startOf(op, batch, key string, raw any, err error) (Start, error) {
	if err != nil {
		return Start{}, itemError(op, batch, key, err)
	}
	fields, err := replyOf(raw, 5)
	if err != nil {
		return Start{}, itemError(op, batch, key, err)
	}
	start := Start{
		Verdict: Verdict(fields.text(0)),
		Wait:    time.Duration(fields.number(3)) * time.Millisecond,
		At:      Millis(fields.number(4)),
	}
	if start.Verdict == Absent {
		return start, nil
	}
	start.Item, err = decodeItem(batch, key, fields.text(2), fields.text(1))
	if err != nil {
		return Start{}, itemError(op, batch, key, err)
	}
	return start, nil
}

// Record enters the outcome of send number n, once. A created outcome is a proof and is
// accepted whatever came in between; any other applies only while the item waits for it.
// The record is the one that stands afterwards.
func (l *Ledger) Record(ctx context.Context, batch, key string, n int, outcome Outcome) (Verdict, Record, error) {
	text, err := json.Marshal(outcome)
	if err != nil {
		return "", Record{}, itemError("record", batch, key, err)
	}
	raw, err := l.run(ctx, recordScript, batch, key, n, text)
	return transition("record", batch, key, raw, err)
}

// Settle ends an item that no request will decide, in state [Rejected] or [Review], with the
// reason as code and message. It answers Applied, Finished, Busy or Absent; or Late, when the item
// was to be rejected and is in doubt by now.
func (l *Ledger) Settle(ctx context.Context, batch, key string, state State, code, message string) (Verdict, Record, error) {
	raw, err := l.run(ctx, settleScript, batch, key, string(state), code, message)
	return transition("settle", batch, key, raw, err)
}

// NoteAddress enters the address that BCE chose for a created HaVIP; "" gives up on
// learning it.
func (l *Ledger) NoteAddress(ctx context.Context, batch, key, haVIPID, address string) (Verdict, error) {
	raw, err := l.run(ctx, addressScript, batch, key, haVIPID, address)
	if err != nil {
		return "", itemError("note address", batch, key, err)
	}
	verdict, _ := raw.(string)
	return Verdict(verdict), nil
}

func transition(op, batch, key string, raw any, err error) (Verdict, Record, error) {
	if err != nil {
		return "", Record{}, itemError(op, batch, key, err)
	}
	fields, err := replyOf(raw, 2)
	if err != nil {
		return "", Record{}, itemError(op, batch, key, err)
	}
	verdict := Verdict(fields.text(0))
	if verdict == Absent {
		return verdict, Record{}, nil
	}
	var rec Record
	if err := json.Unmarshal([]byte(fields.text(1)), &rec); err != nil {
		return "", Record{}, itemError(op, batch, key, err)
	}
	return verdict, rec, nil
}
