package lifecycle

import (
	"slices"
	"time"
)

// Batch is what decisions about items need of their batch.
type Batch struct {
	// Paused is true if only items in flight or of unknown outcome may continue.
	Paused bool
	// Round counts the batch's resumes. A failed item keeps the round in which it failed, so that the count of failures
	// stays exact.
	Round int
	// Forgotten is the last generation that items may have used before the batch was deleted; 0 for none.
	Forgotten int
}

// Snapshot is the input of a decision.
type Snapshot struct {
	Record Record
	Batch  Batch
	// Now is the ledger's clock when this was read.
	Now Millis
	// Entry is the log entry of the event's request, or the one that [Record.OpenEntry] names; nil if there is none.
	Entry *Attempt
}

// Change is what a decision writes, all or nothing. Its zero value writes nothing.
type Change struct {
	// Record is the item's new record; nil if it does not change.
	Record *Record
	// Moved is true after a transition, even to the same state.
	Moved bool
	// OnlyUnpaused is true if the change applies only while the batch is not paused.
	OnlyUnpaused bool
	// Log are entries of the request log to write, and Dropped those to delete.
	Log     []Attempt
	Dropped []LogKey
	// Events are for the batch's event stream, in this order.
	Events []Event
}

// Empty reports whether the change writes nothing.
func (c Change) Empty() bool {
	return c.Record == nil && len(c.Log) == 0 && len(c.Dropped) == 0 && len(c.Events) == 0
}

// Event is one event of an item.
type Event struct{ Kind, Detail string }

// The kinds of events, besides the states that an item enters.
const (
	// EventRenewed: the item was given its next clientToken. Detail says why.
	EventRenewed = "renewed"
	// EventRetried: an operator retried it.
	EventRetried = "retried"
	// EventCancelAsked: an operator requested its cancel; its outcome decides.
	EventCancelAsked = "cancel-asked"
	// EventKept: it was not canceled, because its HaVIP already existed.
	EventKept = "kept"
	// EventExtra: BCE created another HaVIP for it.
	EventExtra = "extra"
	// EventDoubtful: a request under an earlier clientToken created the HaVIP while one under the current token was in
	// flight or of unknown outcome.
	EventDoubtful = "doubtful"
	// EventAddress: the address that BCE assigned was recorded.
	EventAddress = "address"
	// EventResolved: an operator resolved its review. Detail is the chosen HaVIP, or that none of its candidates is the item's.
	EventResolved = "resolved"
	// EventNotDeleted: BCE finally refused to delete the HaVIP.
	EventNotDeleted = "not-deleted"
)

// draft is a change under construction: the new record.
type draft struct {
	Record
	at     Snapshot
	change Change
}

func (s Snapshot) draft() *draft { return &draft{Record: s.Record.clone(), at: s} }

// clone copies everything that a draft changes in place.
func (r Record) clone() Record {
	if r.Deletion != nil {
		d := *r.Deletion
		r.Deletion = &d
	}
	r.Extras, r.GivenUp, r.Excluded = slices.Clone(r.Extras), slices.Clone(r.GivenUp), slices.Clone(r.Excluded)
	return r
}

// done returns the change with the drafted record.
func (d *draft) done() Change {
	rec := d.Record
	rec.UpdatedAt = d.at.Now
	d.change.Record = &rec
	return d.change
}

func (d *draft) event(kind, detail string) {
	d.change.Events = append(d.change.Events, Event{kind, detail})
}

// write adds a log entry; the last one of a key counts.
func (d *draft) write(entry Attempt) { d.change.Log = append(d.change.Log, entry) }

// move sets the state. Nothing else does.
func (d *draft) move(state State, detail string) {
	if d.State.Failed() {
		d.Round = 0
	}
	if state.Failed() {
		d.Round = d.at.Batch.Round
	}
	switch state {
	case Created, Adopted:
		if d.CreatedAt == 0 {
			d.CreatedAt = d.at.Now
		}
	case Deleting, Deleted: // it had its HaVIP
	default:
		d.CreatedAt = 0
	}
	d.State, d.Candidates = state, nil
	d.change.Moved = true
	if state.Terminal() || state == Unknown {
		d.event(string(state), detail)
	}
}

// dropTransient clears the fields that only an unfinished item needs, to save memory; the request log keeps them.
func (d *draft) dropTransient() {
	d.Worker, d.Ticket, d.LeaseUntil, d.RequestUntil = "", "", 0, 0
	d.FirstSentAt, d.EnqueuedAt, d.RenewedAt, d.RenewedFor, d.RefusedSince, d.ClockOffset = 0, 0, 0, "", 0, 0
}

// sentAt is when a request began, by the ledger's clock, and how far BCE's was known to be ahead of it.
type sentAt struct{ at, offset Millis }

// byBCE returns the time by BCE's clock.
func (s sentAt) byBCE() Millis { return s.at + s.offset }

// lastSent returns when the last request began.
func (d *draft) lastSent() sentAt { return sentAt{d.LastSentAt, d.ClockOffset} }

// markUnknown records that BCE may have acted on a request of that time. Its token has that age, by BCE's clock. The
// first such request or earlier refusal counts: it is unknown whether later requests reached BCE and extended the
// token's life. A HaVIP of the request is not older than it.
func (d *draft) markUnknown(sent sentAt) {
	d.Unknown = true
	if d.FirstSentAt == 0 {
		d.FirstSentAt = sent.at
	}
	since := sent.byBCE()
	switch {
	case d.UnknownSince != 0:
		since = d.UnknownSince
	case d.RefusedSince != 0:
		since = d.RefusedSince
	}
	d.UnknownSince = min(since, sent.byBCE())
}

// markUnanswered is markUnknown for an unanswered request. It may still create the HaVIP, so earlier listings prove
// nothing.
func (d *draft) markUnanswered(sent sentAt) {
	d.markUnknown(sent)
	d.UnansweredAt, d.AbsentSince, d.LookAgainAt = d.LastSentAt, 0, 0
}

// clearUnknown records that no outcome of the item is unknown any more.
func (d *draft) clearUnknown() {
	d.Unknown, d.UnknownSince, d.Lookup = false, 0, false
	d.AbsentSince, d.LookAgainAt, d.UnansweredAt = 0, 0, 0
}

// cancel ends an item that certainly created nothing, for the operator's reason.
func (d *draft) cancel(reason string) {
	d.clearUnknown()
	d.Cancel, d.FirstFailedAt, d.Refusals = nil, 0, 0
	d.Code, d.Message = "Canceled", reason
	d.dropTransient()
	d.move(Canceled, reason)
}

// reportNotCanceled records that a requested cancel came too late, because the HaVIP exists.
func (d *draft) reportNotCanceled() {
	if d.Cancel == nil {
		return
	}
	d.Cancel = nil
	d.Message = "not canceled: its HaVIP already existed"
	d.event(EventKept, d.HaVIPID)
}

// interrupt ends an attempt without an outcome: its worker died or lost Redis, and BCE may have acted on its request.
func (d *draft) interrupt() {
	d.closeInterrupted(Attempt{Number: d.Sends})
	d.Attempts++
	d.markUnanswered(d.lastSent())
	if d.FirstFailedAt == 0 {
		d.FirstFailedAt = d.at.Now
	}
	d.Class = classInterrupted
}

// closeInterrupted marks an entry of the log as interrupted unless its outcome is known.
func (d *draft) closeInterrupted(blank Attempt) {
	entry := d.at.entry(blank)
	if !entry.hasOutcome() {
		entry.Class = classInterrupted
		d.write(entry)
	}
}

// entry returns the log entry, or blank if the log has none.
func (s Snapshot) entry(blank Attempt) Attempt {
	if s.Entry == nil {
		return blank
	}
	return *s.Entry
}

// OpenEntry returns the key of the log entry that a decision about the record may need.
func (r Record) OpenEntry() LogKey {
	switch {
	case r.State == Deleting && r.InFlight():
		return LogKey{OpDelete, r.Deletes}
	case r.State == Sending, r.State.Terminal() && r.Sends > 0:
		return LogKey{"", r.Sends}
	}
	return LogKey{}
}

// began returns when the attempt in flight began.
func (r Record) began() Millis {
	if r.State == Deleting {
		return r.Deletion.SentAt
	}
	return r.LastSentAt
}

// leaseLeft returns how much longer a caller must watch the attempt in flight before it may begin the next one; 0 if
// the attempt was released. The lease is the distance of two recorded times, so clock steps do not change it.
func (r Record) leaseLeft(w Watched) time.Duration {
	if r.LeaseUntil == 0 {
		return 0
	}
	left := r.LeaseUntil.since(r.began())
	if w.Ticket == r.Ticket {
		left -= w.For
	}
	return max(0, left)
}
