package ledgermodel

import (
	"cmp"
	"time"

	"havip/ledger"
)

// deletion is a person's wish that the HaVIP be deleted, and its latest try, or nil before the first.
type deletion struct {
	wish ledger.Deletion
	try  *send
}

// inFlight is the try that may be under way, or nil.
func (d *deletion) inFlight() *send {
	if d == nil || d.try == nil || d.try.until == 0 {
		return nil
	}
	return d.try
}

// Rollback asks for what the items created to be deleted.
func (m *Model) Rollback(name, reason string, items []ledger.Item) []ledger.Commanded {
	now := m.now()
	answers := make([]ledger.Commanded, len(items))
	for n, seen := range items {
		answers[n] = ledger.Commanded{Verdict: ledger.Absent, Item: seen}
		if i := m.item(name, seen.Key); i != nil {
			answers[n].Verdict = i.rollBack(now, reason, seen.Record.HaVIPID)
			answers[n].Item.Record, answers[n].Item.ClientToken = i.record(), i.token
		}
	}
	return answers
}

func (i *item) rollBack(now ledger.Millis, reason, id string) ledger.Verdict {
	switch {
	case i.deletion != nil:
		return ledger.Same
	case i.state == ledger.Deleted:
		return ledger.Finished
	case i.state != ledger.Created || i.haVIPID != id || i.askAt != 0:
		return ledger.Late
	}
	i.deletion, i.enqueued = &deletion{wish: ledger.Deletion{At: now, Reason: reason}}, 0
	i.batch.tell(now, "deleting", i.spec.Key, id)
	i.enter(now, ledger.Deleting, "")
	i.batch.reopened(now)
	return ledger.Applied
}

// BeginDeletion makes the intent to delete durable, or says what stands against it.
func (m *Model) BeginDeletion(name, key string, o ledger.DeletionOptions) ledger.Start {
	now := m.now()
	i := m.item(name, key)
	if i == nil {
		return ledger.Start{Verdict: ledger.Absent, At: now}
	}
	verdict, wait := i.beginDeletion(now, o)
	return ledger.Start{Verdict: verdict, Item: i.view(), At: now, Wait: wait}
}

func (i *item) beginDeletion(now ledger.Millis, o ledger.DeletionOptions) (ledger.Verdict, time.Duration) {
	if i.deletion == nil {
		return ledger.Finished, 0
	}
	if try := i.deletion.inFlight(); try != nil {
		switch {
		case try.ticket == o.Ticket:
			return ledger.Begun, 0
		case try.left(o.Watched) > 0:
			return ledger.Busy, try.left(o.Watched)
		}
		i.deletion.wish.Unknown = true
		if try.Class == inFlight { // else something was heard of it, under another ticket
			try.Class = interrupted
		}
	}
	try := &send{
		Attempt: ledger.Attempt{
			Number: len(i.deletes) + 1, Op: ledger.OpDelete, Generation: i.generation, At: now, Worker: o.Worker, Class: inFlight,
		},
		ticket: o.Ticket, until: now + span(o.Lease), lease: o.Lease, request: cmp.Or(o.Request, o.Lease),
	}
	i.deletes = append(i.deletes, try)
	i.deletion.try, i.deletion.wish.SentAt = try, now
	if i.enqueued == 0 {
		i.enqueued = now
	}
	i.enter(now, ledger.Deleting, "")
	return ledger.Begun, 0
}

// EndDeletion enters the outcome of a try that was begun.
func (m *Model) EndDeletion(name, key string, n int, o ledger.DeletionOutcome) (ledger.Verdict, ledger.Record) {
	return m.decide(name, key, func(i *item, now ledger.Millis) ledger.Verdict {
		if m.forgotten(name, o.Generation) {
			return ledger.Gone
		}
		return i.endDeletion(now, n, o)
	})
}

func (i *item) endDeletion(now ledger.Millis, n int, o ledger.DeletionOutcome) ledger.Verdict {
	try := i.deletes[n-1]
	news := try.log(ledger.Outcome{
		Class: o.Class, Status: o.Status, Code: o.Code, Message: o.Message, RequestID: o.RequestID, DurationMS: o.DurationMS,
	})
	switch {
	case o.State == ledger.Deleted && (i.deletion != nil || i.state == ledger.Created):
	case !news, i.state == ledger.Deleted:
		return ledger.Same
	case i.deletion == nil:
		return ledger.Late
	default:
		if o.Unknown && !i.deletion.wish.Unknown {
			i.deletion.wish.Unknown, i.changed = true, now
		}
		if try != i.deletion.inFlight() || o.Ticket != try.ticket {
			return ledger.Late
		}
	}
	i.conclude(now, o)
	return ledger.Applied
}

// conclude takes the item where the outcome says.
func (i *item) conclude(now ledger.Millis, o ledger.DeletionOutcome) {
	i.askAt = 0
	i.words = ledger.Outcome{Class: o.Class, Status: o.Status, Code: o.Code, Message: o.Message, RequestID: o.RequestID}
	if o.PrivateIPAddress != "" && i.address == "" {
		i.address = o.PrivateIPAddress
	}
	if i.deletion.inFlight() != nil {
		i.deletion.try.until = 0
	}
	if o.State != ledger.Deleting {
		i.deletion, i.enqueued = nil, 0
	}
	if o.State == ledger.Created {
		i.batch.tell(now, "not-deleted", i.spec.Key, o.Message)
	}
	i.enter(now, o.State, i.haVIPID)
}
