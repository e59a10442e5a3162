package lifecycle

import (
	"slices"
	"time"
)

// Batch are the facts of a batch that decisions about its items need.
type Batch struct {
	// Paused says that nothing of it is begun, but what is in flight or of unknown outcome.
	Paused bool
	// Round counts how often a person let the batch go on after too many failures: an item that fails
	// keeps the round in which it did, so that the count of failures stays exact.
	Round int
	// Forgotten is the last generation that items of this name may have used before the batch's record
	// was deleted; 0 for none.
	Forgotten int
}

// Snapshot is what a decision is made from.
type Snapshot struct {
	Record Record
	Batch  Batch
	// Now is the ledger's clock when this was read.
	Now Millis
	// Entry is the entry of the request log that the event is about, or that [Record.OpenEntry] named;
	// nil when there is none.
	Entry *Attempt
}

// Change is what a decision writes, all or nothing. Its zero value writes nothing.
type Change struct {
	// Record is the item's new record; nil when it stays as it is.
	Record *Record
	// Moved says that the item took a step of its life, whether or not its state is another.
	Moved bool
	// OnlyUnpaused says that the change holds only while the batch is not paused.
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

// The kinds of events, besides the states that an item comes to.
const (
	// EventRenewed: the item was given its next clientToken. Detail says why.
	EventRenewed = "renewed"
	// EventRetried: a person had it retried.
	EventRetried = "retried"
	// EventCancelAsked: a person wants it canceled, and its outcome is to decide.
	EventCancelAsked = "cancel-asked"
	// EventKept: it was not canceled, for its HaVIP existed already.
	EventKept = "kept"
	// EventExtra: BCE created another HaVIP for it.
	EventExtra = "extra"
	// EventDoubtful: a request of an earlier clientToken created the HaVIP, while one of the present
	// token was in flight or of unknown outcome.
	EventDoubtful = "doubtful"
	// EventAddress: the address that BCE chose was learnt.
	EventAddress = "address"
	// EventNotDeleted: BCE refused to delete the HaVIP for good.
	EventNotDeleted = "not-deleted"
)

// draft is a change in the making: the record as it will be.
type draft struct {
	Record
	at     Snapshot
	change Change
}

func (s Snapshot) draft() *draft { return &draft{Record: s.Record.clone(), at: s} }

// clone shares nothing that a draft changes in place.
func (r Record) clone() Record {
	if r.Deletion != nil {
		d := *r.Deletion
		r.Deletion = &d
	}
	r.Extras, r.GivenUp = slices.Clone(r.Extras), slices.Clone(r.GivenUp)
	return r
}

// done is the change with the record as it stands now.
func (d *draft) done() Change {
	rec := d.Record
	rec.UpdatedAt = d.at.Now
	d.change.Record = &rec
	return d.change
}

func (d *draft) event(kind, detail string) {
	d.change.Events = append(d.change.Events, Event{kind, detail})
}

// write notes an entry of the log; the last of one key counts.
func (d *draft) write(entry Attempt) { d.change.Log = append(d.change.Log, entry) }

// move takes the item to a state. It is the only place where a state changes.
func (d *draft) move(state State, detail string) {
	if d.State.Failed() {
		d.Round = 0
	}
	if state.Failed() {
		d.Round = d.at.Batch.Round
	}
	d.State = state
	d.change.Moved = true
	if state.Terminal() || state == Unknown {
		d.event(string(state), detail)
	}
}

// slim drops what only the item's way to its end needed; the request log keeps it. A record is most of
// what an item costs.
func (d *draft) slim() {
	d.Worker, d.Ticket, d.LeaseUntil, d.RequestUntil = "", "", 0, 0
	d.FirstSentAt, d.EnqueuedAt, d.RenewedAt, d.RenewedFor, d.RefusedSince, d.ClockOffset = 0, 0, 0, "", 0, 0
}

// sentAt is when a request was begun, by the ledger's clock, and how far BCE's was known to be ahead of it.
type sentAt struct{ at, offset Millis }

// byBCE is that moment by BCE's clock.
func (s sentAt) byBCE() Millis { return s.at + s.offset }

// lastSent is when the last request was begun.
func (d *draft) lastSent() sentAt { return sentAt{d.LastSentAt, d.ClockOffset} }

// suspect notes that BCE may have acted on a request of that time. Its token is as old, by BCE's clock. Only the first
// such time counts, or that of a refusal before it: whether later requests reached BCE, and so kept the token alive, is
// not known. What the request created is no older than it.
func (d *draft) suspect(sent sentAt) {
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

// unanswered is suspect for the request that was begun last, if it was not answered: what a listing has not
// shown until now, that request may still create.
func (d *draft) unanswered(sent sentAt) {
	d.suspect(sent)
	d.UnansweredAt, d.AbsentSince, d.LookAgainAt = d.LastSentAt, 0, 0
}

// settled notes that no outcome of the item is unknown any more.
func (d *draft) settled() {
	d.Unknown, d.UnknownSince, d.Lookup = false, 0, false
	d.AbsentSince, d.LookAgainAt, d.UnansweredAt = 0, 0, 0
}

// cancel ends an item of which it is certain that nothing was created, for a person's reason.
func (d *draft) cancel(reason string) {
	d.settled()
	d.Cancel, d.FirstFailedAt, d.Refusals = nil, 0, 0
	d.Code, d.Message = "Canceled", reason
	d.slim()
	d.move(Canceled, reason)
}

// keep tells of an item with a HaVIP, if a person wanted it canceled, that this came too late.
func (d *draft) keep() {
	if d.Cancel == nil {
		return
	}
	d.Cancel = nil
	d.Message = "not canceled: its HaVIP existed already"
	d.event(EventKept, d.HaVIPID)
}

// interrupt gives up the attempt in flight, which is over: its worker died or lost Redis, and nobody knows
// whether BCE acted on that request.
func (d *draft) interrupt() {
	d.closeInterrupted(Attempt{Number: d.Sends})
	d.Attempts++
	d.unanswered(d.lastSent())
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

// entry is the log's entry, or the blank one where the log has none.
func (s Snapshot) entry(blank Attempt) Attempt {
	if s.Entry == nil {
		return blank
	}
	return *s.Entry
}

// OpenEntry names the entry of the request log that a decision about the record may need.
func (r Record) OpenEntry() LogKey {
	switch {
	case r.State == Deleting && r.InFlight():
		return LogKey{OpDelete, r.Deletes}
	case r.State == Sending, r.State.Terminal() && r.Sends > 0:
		return LogKey{"", r.Sends}
	}
	return LogKey{}
}

// began is when the attempt in flight was begun.
func (r Record) began() Millis {
	if r.State == Deleting {
		return r.Deletion.SentAt
	}
	return r.LastSentAt
}

// leaseLeft is for how much longer a caller must watch the attempt in flight before it may begin the next one;
// 0 when it need not, or when the attempt was released. Both times of the record are of one moment of the
// ledger's clock, and only their distance counts: whatever that clock does afterwards, the lease is as long.
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
