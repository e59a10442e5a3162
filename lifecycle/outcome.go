package lifecycle

import "slices"

// Recorded is what recording an outcome did.
type Recorded string

// The results of [RecordOutcome] and [RecordDeletion].
const (
	// RecordedApplied: the item moved; or, where a person wants it canceled and it is certain now that nothing
	// was created, it is canceled.
	RecordedApplied Recorded = "applied"
	// RecordedSame: this outcome was recorded before.
	RecordedSame Recorded = "same"
	// RecordedLate: a later request or a terminal state stands. Only the request log was written, and that
	// an outcome is unknown, where this one is and the item has no HaVIP.
	RecordedLate Recorded = "late"
	// RecordedExtra: the item has another HaVIP already; this one belongs to nobody.
	RecordedExtra Recorded = "extra"
	// RecordedGone: the request is of before the batch was forgotten; nothing was written.
	RecordedGone Recorded = "gone"
	// RecordedAbsent: the item is not registered. The ledger returns it.
	RecordedAbsent Recorded = "absent"
)

// RecordOutcome enters the outcome of send number n, once; the snapshot has its log entry. A proof that the
// HaVIP exists holds whenever it arrives, unless the HaVIP was found not to exist since. Any other outcome counts
// only if it is of the latest send and the item waits for it. An outcome that was unknown before stays unknown.
func RecordOutcome(s Snapshot, n int, o Outcome) (Recorded, Change) {
	if s.forgot(o.Generation) {
		return RecordedGone, Change{}
	}
	entry := s.entry(Attempt{Number: n})
	d := s.draft()
	fresh := !entry.hasOutcome()
	if fresh {
		d.write(o.closing(entry))
	}
	created := o.State == Created
	if created && slices.Contains(d.GivenUp, o.HaVIPID) && o.Generation < d.Generation {
		return RecordedLate, d.change // the answer of that time, which says nothing new
	}
	switch {
	case created && d.HaVIPID != "":
		return d.another(o.HaVIPID)
	case !fresh && !created:
		return d.repeated(o, entry)
	case !created && !d.isLatest(n, o.Ticket):
		return d.late(o, entry)
	}
	d.apply(o, entry)
	return RecordedApplied, d.done()
}

// forgot reports whether an outcome is of a request of before the batch was forgotten.
func (s Snapshot) forgot(generation int) bool {
	return generation != 0 && generation <= s.Batch.Forgotten
}

// isLatest reports whether the outcome is of the request that the item waits for. Where Redis forgot a
// request, the next one has its number, and another ticket.
func (d *draft) isLatest(n int, ticket string) bool {
	return d.State == Sending && n == d.Sends && (ticket == "" || ticket == d.Ticket)
}

// another is a proof for an item that has its HaVIP: each further one is told once.
func (d *draft) another(id string) (Recorded, Change) {
	switch {
	case d.HaVIPID == id:
		return RecordedSame, d.change
	case slices.Contains(d.Extras, id):
		return RecordedExtra, d.change
	}
	d.Extras = append(d.Extras, id)
	d.event(EventExtra, id)
	return RecordedExtra, d.done()
}

// repeated is an outcome of a request that has one. Of two requests of one number, because Redis forgot
// the first, this one may have left something unknown.
func (d *draft) repeated(o Outcome, entry Attempt) (Recorded, Change) {
	if !o.Unknown || o.Class == entry.Class || d.HaVIPID != "" || d.State.Terminal() {
		return RecordedSame, Change{}
	}
	before := d.Record
	d.suspectSend(entry)
	switch {
	case d.UnknownSince != before.UnknownSince:
		return RecordedSame, d.done()
	case d.UnansweredAt == before.UnansweredAt && d.AbsentSince == before.AbsentSince:
		return RecordedSame, Change{}
	}
	rec := d.Record // nothing that people see has changed, nor when it last did
	d.change.Record = &rec
	return RecordedSame, d.change
}

// late is an outcome for which the item does not wait any more.
func (d *draft) late(o Outcome, entry Attempt) (Recorded, Change) {
	if !o.Unknown || d.HaVIPID != "" {
		return RecordedLate, d.change
	}
	if entry.Generation != 0 && entry.Generation != d.Generation {
		d.Lookup = true // when the item was given its next token, this request was thought to be over
	}
	d.suspectSend(entry)
	return RecordedLate, d.done()
}

// suspectSend notes that BCE may have acted on the request of this entry. Redis may have lost that it was
// begun, or that any was; it ended just now, then.
func (d *draft) suspectSend(entry Attempt) {
	if d.LastSentAt == 0 {
		d.LastSentAt = d.at.Now
	}
	d.unanswered(d.sent(entry))
}

// sent is when the request of this entry was begun.
func (d *draft) sent(entry Attempt) sentAt {
	if entry.At == 0 {
		return d.lastSent()
	}
	return sentAt{entry.At, entry.ClockOffset}
}

// apply takes the item where its latest request has brought it.
func (d *draft) apply(o Outcome, entry Attempt) {
	created, wasSending := o.State == Created, d.State == Sending
	d.count(o, entry)
	switch {
	case o.Unknown && o.Lookup: // answered: what it says, a lookup tells
		d.suspect(d.sent(entry))
	case o.Unknown:
		d.suspectSend(entry)
	case !created && !d.Unknown: // this request created nothing, nor did any before it
		d.FirstSentAt = 0
	}
	d.Lookup = d.Lookup || o.Lookup
	d.countRefusals(o, entry)
	d.Class, d.Status, d.Code, d.Message, d.RequestID = o.Class, o.Status, o.Code, o.Message, o.RequestID
	d.LeaseUntil, d.RequestUntil, d.Ticket = 0, 0, ""
	if created {
		d.exists(o, entry, wasSending)
	}
	switch {
	case d.Cancel != nil && !d.Unknown:
		d.cancel(d.Cancel.Reason)
		return
	case d.Cancel != nil:
		d.Lookup = true // repeating it could create what a person does not want
	}
	if o.State.Terminal() {
		d.Cancel = nil // it has come to its end without
	}
	detail := o.Code
	if created {
		detail = o.HaVIPID
	}
	d.move(o.State, detail)
}

// count counts the attempt, and since when attempts have failed.
func (d *draft) count(o Outcome, entry Attempt) {
	switch {
	case !o.Counted:
		if !d.Unknown {
			d.FirstFailedAt = 0 // BCE answered, and what it said does not count: no failure goes on
		}
		return
	case entry.isUncounted():
		d.Attempts++
	}
	if o.State != Created && d.FirstFailedAt == 0 {
		d.FirstFailedAt = d.at.Now
	}
}

// countRefusals counts refusals in a row that are alike and not about the item, for a token may have been
// poisoned. From its first answer on, BCE may remember a refused token, too.
func (d *draft) countRefusals(o Outcome, entry Attempt) {
	switch {
	case o.State != Waiting || o.Code == "":
		d.Refusals = 0
	case o.Code == d.Code:
		d.Refusals++
	default:
		d.Refusals = 1
	}
	if o.State == Waiting && o.Status != 0 && !o.Unheard && d.RefusedSince == 0 {
		d.RefusedSince = d.sent(entry).byBCE()
	}
}

// exists notes the HaVIP that a request created. A request of an earlier clientToken says nothing of the present one's:
// if the outcome of that is unknown, it stays so until the HaVIP is confirmed, for it may turn out not to exist.
func (d *draft) exists(o Outcome, entry Attempt, wasSending bool) {
	earlier := entry.Generation != 0 && entry.Generation != d.Generation
	d.HaVIPID, d.PrivateIPAddress = o.HaVIPID, o.PrivateIPAddress
	if d.LastSentAt == 0 {
		d.LastSentAt = d.at.Now
	}
	if earlier && wasSending {
		d.unanswered(d.lastSent())
	}
	switch {
	case earlier && entry.At != 0:
		d.FirstSentAt = entry.At
	case entry.At == 0 && d.FirstSentAt == 0: // else any HaVIP since the registration would pass for its own
		d.FirstSentAt = d.at.Now.add(-o.SentAgo)
	}
	if earlier && d.Unknown {
		d.event(EventDoubtful, o.HaVIPID)
	} else {
		d.settled()
	}
	d.AbsentSince, d.LookAgainAt = 0, 0
	d.ConfirmAt = d.at.Now
	d.keep()
}
