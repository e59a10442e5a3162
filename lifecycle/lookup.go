package lifecycle

import "time"

// Found is what recording a lookup's finding did.
type Found string

// The results of [Adopt] and [Renew].
const (
	// FoundApplied: the item is adopted, or has its next token.
	FoundApplied Found = "applied"
	// FoundSame: the item had that token already.
	FoundSame Found = "same"
	// FoundCanceled: a person wants the item canceled: it needs no token, and the same proof canceled it.
	FoundCanceled Found = "withdrawn"
	// FoundFinished: the item was finished meanwhile.
	FoundFinished Found = "finished"
	// FoundForeign: the item has another clientToken by now, or is a later one of its name.
	FoundForeign Found = "foreign"
	// FoundAgain: nothing is decided before another listing.
	FoundAgain Found = "again"
	// FoundLate: a request was begun since, or what was unknown is known, or something is: the finding proves nothing.
	FoundLate Found = "late"
	// FoundAbsent: the item is not registered. The ledger returns it.
	FoundAbsent Found = "absent"
)

// Adopt records that a HaVIP which exists already is the item's own: an earlier request created it, and
// its answer was lost. Seen is the record that the caller looked up for: the finding says nothing of later
// sends, nor of a later item of the same name.
func Adopt(s Snapshot, seen Record, haVIPID, address string) (Found, Change) {
	rec := s.Record
	switch {
	case rec.State.Terminal() || rec.State == Deleting:
		return FoundFinished, Change{}
	case rec.ClientToken != seen.ClientToken || rec.ForgottenGeneration != seen.ForgottenGeneration:
		return FoundForeign, Change{}
	case rec.State == Sending || rec.Sends != seen.Sends || seen.Unknown && !rec.Unknown:
		return FoundLate, Change{}
	}
	d := s.draft()
	d.HaVIPID, d.PrivateIPAddress = haVIPID, address
	d.settled()
	d.TokenUsed = false
	d.Code, d.Message = "", ""
	d.slim()
	if address == "" {
		d.ConfirmAt = s.Now
	}
	d.keep()
	d.move(Adopted, haVIPID)
	return FoundApplied, d.done()
}

// Renew gives the item its next clientToken, because that of the record that the caller saw must not be sent. Why says
// more. An item of unknown outcome keeps its token until [RecordAbsence] proves it
// spent.
func Renew(s Snapshot, seen Record, next, why string) (Found, Change) {
	found, _, c := s.renew(seen, next, why, func(*draft) time.Duration { return 0 })
	return found, c
}

// RenewRefused is [Renew] for a token whose every request was refused, as far as the ledger knows. One that was restored
// does not know of what was created since its backup, and a listing may not show it yet: as in [RecordAbsence], two complete
// listings must not show the HaVIP. With [FoundAgain] it returns how long to wait for the second.
func RenewRefused(s Snapshot, seen Record, o AbsenceTerms, why string) (Found, time.Duration, Change) {
	return s.renew(seen, o.Next, why, func(d *draft) time.Duration { return d.untilProven(o.ListedAt, o.ConfirmWithin) })
}

// renew gives the item its next clientToken, unless it must wait for a proof.
func (s Snapshot) renew(seen Record, next, why string, untilProven func(*draft) time.Duration) (Found, time.Duration, Change) {
	rec := s.Record
	switch {
	case rec.State.Terminal() || rec.State == Deleting:
		return FoundFinished, 0, Change{}
	case rec.ClientToken == next:
		return FoundSame, 0, Change{}
	case rec.ClientToken != seen.ClientToken:
		return FoundForeign, 0, Change{}
	case rec.State == Sending || rec.Sends != seen.Sends || rec.Unknown:
		return FoundLate, 0, Change{}
	}
	d := s.draft()
	if d.Cancel != nil {
		d.cancel(d.Cancel.Reason)
		return FoundCanceled, 0, d.done()
	}
	if wait := untilProven(d); wait > 0 {
		return FoundAgain, wait, d.done()
	}
	d.renew(next, seen.Code, why)
	return FoundApplied, 0, d.done()
}

// renew gives the item its next clientToken; code is the refusal that it is renewed for.
func (d *draft) renew(next, code, why string) {
	d.Generation, d.ClientToken, d.RenewedAt, d.RenewedFor = d.Generation+1, next, d.at.Now, code
	d.settled()
	d.FirstSentAt, d.FirstFailedAt, d.Refusals, d.RefusedSince, d.TokenUsed = 0, 0, 0, 0, false
	d.event(EventRenewed, why)
	d.move(Queued, "")
}

// Settled is what settling an item did.
type Settled string

// The results of [Settle].
const (
	// SettledApplied: the item is at its end.
	SettledApplied Settled = "applied"
	// SettledFinished: it was before.
	SettledFinished Settled = "finished"
	// SettledBusy: an attempt of it is in flight; begin tells when it is over.
	SettledBusy Settled = "busy"
	// SettledLate: it is not certain any more that nothing was created.
	SettledLate Settled = "late"
	// SettledAbsent: it is not registered. The ledger returns it.
	SettledAbsent Settled = "absent"
)

// Settle ends an item that no request will decide: rejected when it is certain that nothing was created,
// review when a person must look.
func Settle(s Snapshot, state State, code, message string) (Settled, Change) {
	rec := s.Record
	switch {
	case rec.State.Terminal() || rec.State == Deleting:
		return SettledFinished, Change{}
	case rec.State == Sending && rec.LeaseUntil != 0:
		return SettledBusy, Change{}
	case state == Rejected && (rec.Unknown || rec.State == Sending):
		return SettledLate, Change{}
	}
	d := s.draft()
	if d.State == Sending {
		d.interrupt()
	}
	d.Code, d.Message, d.LeaseUntil, d.RequestUntil = code, message, 0, 0
	d.Cancel = nil // where a person must look, that person decides
	d.move(state, code)
	return SettledApplied, d.done()
}
