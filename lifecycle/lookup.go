package lifecycle

import (
	"slices"
	"time"
)

// Found is the result of recording a lookup.
type Found string

// The results of [Adopt] and [Renew].
const (
	// FoundApplied: the item is adopted, or has its next token.
	FoundApplied Found = "applied"
	// FoundSame: the item already had that token.
	FoundSame Found = "same"
	// FoundCanceled: a cancel was requested, and the same proof canceled the item.
	FoundCanceled Found = "canceled"
	// FoundFinished: the item was finished meanwhile.
	FoundFinished Found = "finished"
	// FoundForeign: the item has another clientToken by now, or is a later item with the same key.
	FoundForeign Found = "foreign"
	// FoundAgain: another listing must decide.
	FoundAgain Found = "again"
	// FoundLate: a request began since, or an unknown outcome arrived: the finding proves nothing.
	FoundLate Found = "late"
	// FoundAbsent: the item is not registered. The ledger returns it.
	FoundAbsent Found = "absent"
)

// Adopt records an existing HaVIP as the item's own: an earlier request created it, and its answer was lost. Seen is
// the record for which the caller listed: the finding does not apply to later sends, or to a later item with the same
// key.
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
	d.adopt(haVIPID, address)
	return FoundApplied, d.done()
}

// adopt records an existing HaVIP as the item's.
func (d *draft) adopt(haVIPID, address string) {
	d.HaVIPID, d.PrivateIPAddress = haVIPID, address
	d.clearUnknown()
	d.TokenUsed = false
	d.Code, d.Message = "", ""
	d.dropTransient()
	if address == "" {
		d.ConfirmAt = d.at.Now
	}
	d.reportNotCanceled()
	d.move(Adopted, haVIPID)
}

// Renew gives the item its next clientToken, because the token in the record that the caller read must not be sent. An
// item of unknown outcome keeps its token until [RecordAbsence] renews it.
func Renew(s Snapshot, seen Record, next, why string) (Found, Change) {
	found, _, c := s.renew(seen, next, why, func(*draft) time.Duration { return 0 })
	return found, c
}

// RenewRefused is [Renew] for a token of which every recorded request was refused. A restored ledger may lack requests,
// and a listing may lag: as in [RecordAbsence], two complete listings must not show the HaVIP. With [FoundAgain] it
// returns how long to wait for the second.
func RenewRefused(s Snapshot, seen Record, o AbsenceTerms, why string) (Found, time.Duration, Change) {
	return s.renew(seen, o.Next, why, func(d *draft) time.Duration { return d.untilProven(o.ListedAt, o.ConfirmWithin) })
}

// renew gives the item its next clientToken, or returns how long to wait for the proof.
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

// renew gives the item its next clientToken; code is that of the refusal that caused it.
func (d *draft) renew(next, code, why string) {
	d.Generation, d.ClientToken, d.RenewedAt, d.RenewedFor = d.Generation+1, next, d.at.Now, code
	d.clearUnknown()
	d.FirstSentAt, d.FirstFailedAt, d.Refusals, d.RefusedSince, d.TokenUsed = 0, 0, 0, 0, false
	d.event(EventRenewed, why)
	d.move(Queued, "")
}

// Settled is the result of [Settle].
type Settled string

// The results of [Settle].
const (
	// SettledApplied: the item is finished now.
	SettledApplied Settled = "applied"
	// SettledFinished: it was already finished.
	SettledFinished Settled = "finished"
	// SettledBusy: an attempt is in flight; Begin returns how long to wait.
	SettledBusy Settled = "busy"
	// SettledLate: it is no longer certain that nothing was created.
	SettledLate Settled = "late"
	// SettledAbsent: it is not registered. The ledger returns it.
	SettledAbsent Settled = "absent"
)

// Settle finishes an item that no request will decide: rejected if it certainly created nothing, review if an operator
// must decide which candidate is the item's. Of these, it keeps the first [MaxCandidates].
func Settle(s Snapshot, state State, code, message string, candidates ...Candidate) (Settled, Change) {
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
	d.Cancel = nil // in review, the operator decides
	d.move(state, code)
	d.Candidates = slices.Clone(candidates[:min(len(candidates), MaxCandidates)])
	return SettledApplied, d.done()
}
