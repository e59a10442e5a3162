package lifecycle

import "time"

// AbsenceTerms are the terms of a lookup that found nothing.
type AbsenceTerms struct {
	// ListedAt is when the listing began, or earlier.
	ListedAt Uptime
	// Next is the item's next clientToken.
	Next string
	// TokenMaxAge and ClockOffset are as in [BeginTerms].
	TokenMaxAge, ClockOffset time.Duration
	// ConfirmWithin is how long BCE may take to show what it created.
	ConfirmWithin time.Duration
	// Refused is true if BCE refused the item's last request. An earlier request that created the HaVIP may be the
	// cause.
	Refused bool
	// TokenTaken is true if BCE received the token with another request.
	TokenTaken bool
}

// Absence is the decision when a complete listing does not show an item of unknown outcome.
type Absence string

// The results of [RecordAbsence].
const (
	// AbsenceResend: its token is valid; the request is repeated under it.
	AbsenceResend Absence = "resend"
	// AbsenceAgain: look it up again after the wait.
	AbsenceAgain Absence = "again"
	// AbsenceRenewed: its token created nothing and can no longer; it has its next one.
	AbsenceRenewed Absence = "renewed"
	// AbsenceCanceled: nothing was created, and an operator canceled it.
	AbsenceCanceled Absence = "canceled"
	// AbsenceRejected: nothing was created, and BCE refuses it.
	AbsenceRejected Absence = "rejected"
	// AbsenceReview: another program may be using its token; an operator must decide.
	AbsenceReview Absence = "review"
	// AbsenceLate: the item changed meanwhile; the listing proves nothing.
	AbsenceLate Absence = "late"
)

// ListingInterval is the minimum time between two listings that prove an absence. A listing by pages may skip a HaVIP
// that moves to another page, and it lags behind creates.
const ListingInterval = time.Minute

// RecordAbsence records that a complete listing does not show the HaVIP of an item of unknown outcome. One listing is
// no proof: BCE may still be processing the request, or the listing may lag or have skipped the HaVIP. While the token
// is valid, repeating the request is the proof. Otherwise two such listings are required; [AbsenceAgain] returns how
// long to wait for the second. Seen is the record for which the caller listed.
func RecordAbsence(s Snapshot, seen Record, o AbsenceTerms) (Absence, time.Duration, Change) {
	d := s.draft()
	if !d.Unknown || d.State == Sending || d.State.Terminal() || d.State == Deleting ||
		d.ClientToken != seen.ClientToken || d.ForgottenGeneration != seen.ForgottenGeneration || d.Sends != seen.Sends {
		return AbsenceLate, 0, Change{}
	}
	alive := !d.TokenUsed && !d.tokenMayBeDead(o.TokenMaxAge, o.ClockOffset)
	switch {
	case d.Cancel != nil:
		if wait := d.untilProven(o.ListedAt, o.ConfirmWithin); wait > 0 {
			return AbsenceAgain, wait, d.done()
		}
		d.cancel(d.Cancel.Reason)
		return AbsenceCanceled, 0, d.done()
	case o.TokenTaken && !d.TokenUsed:
		d.Message = "BCE received the clientToken with another request, and no HaVIP of this item exists: another program may be using the token"
		d.move(Review, d.Code)
		return AbsenceReview, 0, d.done()
	case alive && o.Refused && d.untilProven(o.ListedAt, d.unansweredWithin(o.ConfirmWithin)) == 0:
		d.clearUnknown()
		d.move(Rejected, d.Code)
		return AbsenceRejected, 0, d.done()
	case alive:
		d.Lookup, d.LookAgainAt = false, 0
		return AbsenceResend, 0, d.done()
	}
	// The last request may be younger than the token's age says, which may come from a late outcome of an earlier
	// request.
	if wait := d.untilProven(o.ListedAt, o.ConfirmWithin); wait > 0 {
		return AbsenceAgain, wait, d.done()
	}
	why := "not shown by two listings, and its clientToken is too old to be sent again"
	if d.TokenUsed {
		why = "not shown by two listings, and its clientToken may have been used for another request"
	}
	d.renew(o.Next, seen.Code, why)
	return AbsenceRenewed, 0, d.done()
}

// unansweredWithin returns how long an unanswered request may take to show what it created; 0 if BCE answered all
// requests.
func (d *draft) unansweredWithin(confirmWithin time.Duration) time.Duration {
	if d.UnansweredAt == 0 {
		return 0
	}
	return confirmWithin
}

// untilProven returns how long to wait for the listing that proves the absence: it must begin at least a minute, and at
// least the given time, after the first listing that did not show the HaVIP. 0 means that this listing is the proof.
//
// Both times are uptimes of the workers, because Redis's clock may step by ten minutes.
func (d *draft) untilProven(listedAt Uptime, within time.Duration) time.Duration {
	if d.AbsentSince == 0 || d.AbsentSince > listedAt { // the first listing, or the uptime was reset
		d.AbsentSince = listedAt
	}
	left := max(ListingInterval, within) - time.Duration(listedAt-d.AbsentSince)*time.Millisecond
	if left <= 0 {
		return 0
	}
	left = max(left, time.Second)
	d.LookAgainAt = d.at.Now.add(left)
	return left
}
