package lifecycle

import "time"

// AbsenceTerms are what a lookup in vain was made with.
type AbsenceTerms struct {
	// ListedAt is when the listing began, or some time before.
	ListedAt Lived
	// Next is the item's next clientToken.
	Next string
	// TokenMaxAge and ClockOffset are as in [BeginTerms].
	TokenMaxAge, ClockOffset time.Duration
	// ConfirmWithin is how long BCE may take to show what it created.
	ConfirmWithin time.Duration
	// Refused says that BCE refused the item's last request for a reason of the item's own, which may be
	// that an earlier request of it had created the HaVIP.
	Refused bool
	// TokenTaken says that BCE knows the token from a request that was not this item's.
	TokenTaken bool
}

// Absence is what follows where a complete listing does not show an item of unknown outcome.
type Absence string

// The results of [RecordAbsence].
const (
	// AbsenceResend: its token lives; the request is repeated under it, whatever the listing shows.
	AbsenceResend Absence = "resend"
	// AbsenceAgain: it is looked for again after the wait.
	AbsenceAgain Absence = "again"
	// AbsenceRenewed: its token created nothing and cannot any more; it has its next one.
	AbsenceRenewed Absence = "renewed"
	// AbsenceCanceled: nothing was created, and a person wants it canceled.
	AbsenceCanceled Absence = "canceled"
	// AbsenceRejected: nothing was created, and BCE refuses it for a reason of its own.
	AbsenceRejected Absence = "rejected"
	// AbsenceReview: another program may be using its token; a person must look.
	AbsenceReview Absence = "review"
	// AbsenceLate: the item changed meanwhile, and the listing says nothing of it.
	AbsenceLate Absence = "late"
)

// absencesApart is how far two listings must be apart, for what neither shows not to exist. A listing by
// pages may skip what moves from one page to the next, and it lags what was created.
const absencesApart = time.Minute

// RecordAbsence notes that a complete listing does not show the HaVIP of an item of unknown outcome. That is
// no proof: BCE may still be working on the request, or the listing may lag or have skipped it. While the
// token lives, repeating the request tells for sure. Nothing is given up (the token, or the item) before two
// such listings, with [AbsenceAgain] answering how long to wait for the next. Seen is the record that the
// caller looked up for.
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
	case o.TokenTaken:
		d.Message = "BCE knows the clientToken from another request, and no HaVIP of this item exists: another program may be using the token"
		d.move(Review, d.Code)
		return AbsenceReview, 0, d.done()
	case alive && o.Refused && d.untilProven(o.ListedAt, d.unansweredWithin(o.ConfirmWithin)) == 0:
		d.settled()
		d.move(Rejected, d.Code)
		return AbsenceRejected, 0, d.done()
	case alive:
		d.Lookup, d.LookAgainAt = false, 0
		return AbsenceResend, 0, d.done()
	}
	// The last request may be under a younger token than what ages this one: an earlier one that was heard late.
	if wait := d.untilProven(o.ListedAt, o.ConfirmWithin); wait > 0 {
		return AbsenceAgain, wait, d.done()
	}
	why := "not shown by two listings, and its clientToken is too old to be sent again"
	if d.TokenUsed {
		why = "not shown by two listings, and its clientToken may have been used before the batch's record was deleted"
	}
	d.renew(o.Next, seen.Code, why)
	return AbsenceRenewed, 0, d.done()
}

// unansweredWithin is how long a request that was not answered may take to show what it created: no time, where
// BCE answered all of them.
func (d *draft) unansweredWithin(confirmWithin time.Duration) time.Duration {
	if d.UnansweredAt == 0 {
		return 0
	}
	return confirmWithin
}

// untilProven is how long to wait for the listing that proves the absence: one that begins a minute after the first
// that did not show the HaVIP, and no sooner than the given time after it. 0 says that this listing is it.
//
// Both are moments of the time that workers lived through: by Redis's clock, ten minutes may pass in a moment.
func (d *draft) untilProven(listedAt Lived, within time.Duration) time.Duration {
	if d.AbsentSince == 0 || d.AbsentSince > listedAt { // the first; or that time began anew
		d.AbsentSince = listedAt
	}
	left := max(absencesApart, within) - time.Duration(listedAt-d.AbsentSince)*time.Millisecond
	if left <= 0 {
		return 0
	}
	left = max(left, time.Second)
	d.LookAgainAt = d.at.Now.add(left)
	return left
}
