package lifecycle

import "slices"

// Recorded is the result of recording an outcome.
type Recorded string

// The results of [RecordOutcome] and [RecordDeletion].
const (
	// RecordedApplied: the item changed its state. If a cancel was requested and it certainly created nothing, it is
	// canceled.
	RecordedApplied Recorded = "applied"
	// RecordedSame: this outcome was already recorded.
	RecordedSame Recorded = "same"
	// RecordedLate: a later request began, or the item is finished. Only the request log was written, and that the
	// outcome is unknown if it is and the item has no HaVIP.
	RecordedLate Recorded = "late"
	// RecordedExtra: the item already has another HaVIP; this one has no owner.
	RecordedExtra Recorded = "extra"
	// RecordedGone: the request was sent before the batch was deleted; nothing was written.
	RecordedGone Recorded = "gone"
	// RecordedAbsent: the item is not registered. The ledger returns it.
	RecordedAbsent Recorded = "absent"
)

// RecordOutcome records the outcome of send n, once; the snapshot has its log entry. A proof that the HaVIP exists
// applies whenever it arrives, unless the HaVIP was found missing since. Any other outcome applies only if it belongs
// to the latest send and the item waits for it. An earlier unknown outcome stays unknown.
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
		return RecordedLate, d.change // the HaVIP was found missing since
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

// forgot reports whether an outcome's request was sent before the batch was deleted.
func (s Snapshot) forgot(generation int) bool {
	return generation != 0 && generation <= s.Batch.Forgotten
}

// isLatest reports whether the outcome belongs to the request that the item waits for. If Redis lost a request, the
// next one has the same number but another ticket.
func (d *draft) isLatest(n int, ticket string) bool {
	return d.State == Sending && n == d.Sends && (ticket == "" || ticket == d.Ticket)
}

// another records a further HaVIP for an item that has one, with one event each.
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

// repeated records a second outcome for a send number. If Redis lost a request, two requests have that number, and this
// one's outcome may be unknown.
func (d *draft) repeated(o Outcome, entry Attempt) (Recorded, Change) {
	if !o.Unknown || o.Class == entry.Class || d.HaVIPID != "" || d.State.Terminal() {
		return RecordedSame, Change{}
	}
	before := d.Record
	d.markSendUnknown(entry)
	switch {
	case d.UnknownSince != before.UnknownSince:
		return RecordedSame, d.done()
	case d.UnansweredAt == before.UnansweredAt && d.AbsentSince == before.AbsentSince:
		return RecordedSame, Change{}
	}
	rec := d.Record // UpdatedAt stays, because no visible field has changed
	d.change.Record = &rec
	return RecordedSame, d.change
}

// late records an outcome that the item no longer waits for.
func (d *draft) late(o Outcome, entry Attempt) (Recorded, Change) {
	if !o.Unknown || d.HaVIPID != "" {
		return RecordedLate, d.change
	}
	if entry.Generation != 0 && entry.Generation != d.Generation {
		d.Lookup = true // the token was renewed on the assumption that this request had ended
	}
	d.markSendUnknown(entry)
	return RecordedLate, d.done()
}

// markSendUnknown records that BCE may have acted on this entry's request. If Redis lost all sends, the request is
// treated as sent now.
func (d *draft) markSendUnknown(entry Attempt) {
	if d.LastSentAt == 0 {
		d.LastSentAt = d.at.Now
	}
	d.markUnanswered(d.sent(entry))
}

// sent returns when this entry's request began.
func (d *draft) sent(entry Attempt) sentAt {
	if entry.At == 0 {
		return d.lastSent()
	}
	return sentAt{entry.At, entry.ClockOffset}
}

// apply applies the outcome of the latest request.
func (d *draft) apply(o Outcome, entry Attempt) {
	created, wasSending := o.State == Created, d.State == Sending
	d.count(o, entry)
	switch {
	case o.Unknown && o.Lookup: // answered: a lookup decides
		d.markUnknown(d.sent(entry))
	case o.Unknown:
		d.markSendUnknown(entry)
	case !created && !d.Unknown: // no request so far created anything
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
		d.Lookup = true // repeating it could create the canceled HaVIP
	}
	if o.State.Terminal() {
		d.Cancel = nil // it finished without the cancel
	}
	detail := o.Code
	if created {
		detail = o.HaVIPID
	}
	d.move(o.State, detail)
}

// count counts the attempt and records since when attempts fail.
func (d *draft) count(o Outcome, entry Attempt) {
	switch {
	case !o.Counted:
		if !d.Unknown {
			d.FirstFailedAt = 0 // BCE answered, so the failures are not consecutive
		}
		return
	case entry.isUncounted():
		d.Attempts++
	}
	if o.State != Created && d.FirstFailedAt == 0 {
		d.FirstFailedAt = d.at.Now
	}
}

// countRefusals counts consecutive refusals with the same code that are not about the item: BCE may be repeating a
// refusal for the token. A refused token also ages from its first answer.
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

// exists records the HaVIP that a request created. If the request used an earlier clientToken, an unknown outcome under
// the current one stays unknown until the HaVIP is confirmed, because it may turn out not to exist.
func (d *draft) exists(o Outcome, entry Attempt, wasSending bool) {
	earlier := entry.Generation != 0 && entry.Generation != d.Generation
	d.HaVIPID, d.PrivateIPAddress = o.HaVIPID, o.PrivateIPAddress
	if d.LastSentAt == 0 {
		d.LastSentAt = d.at.Now
	}
	if earlier && wasSending {
		d.markUnanswered(d.lastSent())
	}
	switch {
	case earlier && entry.At != 0:
		d.FirstSentAt = entry.At
	case entry.At == 0 && d.FirstSentAt == 0: // else any HaVIP created since the registration would match
		d.FirstSentAt = d.at.Now.add(-o.SentAgo)
	}
	if earlier && d.Unknown {
		d.event(EventDoubtful, o.HaVIPID)
	} else {
		d.clearUnknown()
	}
	d.AbsentSince, d.LookAgainAt = 0, 0
	d.ConfirmAt = d.at.Now
	d.reportNotCanceled()
}
