package tasks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"havip/bce"
	"havip/internal/jitter"
	"havip/ledger"
	"havip/lifecycle"
)

// LookupGrace is how long after an item's last request a listing must begin before a missing HaVIP counts as not created: BCE
// may still be processing a request, and a listing may lag (we allow 30 seconds). It covers both, after a request with the
// default timeout.
const LookupGrace = time.Minute

// listingAge is how old a deciding listing may be, so that many items share one listing a minute. It also bounds how
// shortly before a restart of the workers a request may have been sent that a restored ledger lacks.
const listingAge = time.Minute

// lookAgainJitter spreads second listings by less than their age, so that many items share one.
const lookAgainJitter = listingAge / 2

// lookup decides an item of unknown outcome by a listing before it is sent again. It adopts the one HaVIP that must be
// the item's; several candidates need a review; the absence of candidates allows the next clientToken.
func (h *Handler) lookup(ctx context.Context, j *job, start ledger.Start) error {
	rec := start.Item.Record
	age := start.At.Time().Sub(rec.LastSentAt.Time())
	if early := rec.LookAgainAt.Time().Sub(start.At.Time()); early > 0 && early <= h.ConfirmWithin+absenceSlack {
		return lookAgain(early)
	}
	if age < h.lookupGrace() {
		return &Postpone{After: h.lookupGrace() - age, Reason: "outcome unknown: it is looked up when no request can be in flight any more"}
	}
	sinceChange := start.At.Time().Sub(max(rec.UpdatedAt, rec.LookAgainAt).Time())
	finding, listedAt, err := h.find(ctx, j, -maxListingAge(age-h.lookupGrace(), sinceChange), func(request Request, there []bce.HaVIP, owned func(string) bool) Finding {
		return Match(request, h.atBCE(rec.FirstSentAt), there, owned)
	})
	switch {
	case err != nil:
		return err
	case !finding.Absent():
		return h.settleFinding(ctx, j, finding)
	}
	return h.absent(ctx, j, rec, listedAt)
}

// maxListingAge returns how old the listing may be. It must be younger than the item's last change: an operator may
// have deleted candidates and retried the item. If a clock was put back since the change, the listing begins now.
func maxListingAge(sinceSettled, sinceChange time.Duration) time.Duration {
	return max(0, min(sinceSettled, sinceChange, listingAge))
}

// absenceSlack is how much longer than ConfirmWithin the wait for the deciding listing may be. A longer wait was computed before
// the clock was set back.
const absenceSlack = 2 * time.Minute

// absent decides after a listing that began at listedAt does not show the item's HaVIP.
func (h *Handler) absent(ctx context.Context, j *job, rec ledger.Record, listedAt lifecycle.Uptime) error {
	taken := rec.Code == bce.CodeIdempotentParameterMismatch
	a, err := h.Ledger.RecordAbsence(ctx, j.item.Batch, j.item.Key, rec, lifecycle.AbsenceTerms{
		ListedAt: listedAt, Next: ClientToken(j.item.Batch, j.item.Key, rec.Generation+1),
		TokenMaxAge: h.TokenMaxAge, ClockOffset: j.clockOffset, ConfirmWithin: h.ConfirmWithin,
		Refused: rec.Class == string(ClassMismatch) && !taken, TokenTaken: taken,
	})
	if err != nil {
		return h.later(j, err)
	}
	log := j.log.Info().Str("result", string(a.Result)).Int("generation", a.Record.Generation)
	switch a.Result {
	case lifecycle.AbsenceResend, lifecycle.AbsenceRenewed:
		log.Msg("no listing shows a HaVIP of the item; sending its request again")
		return errAgain
	case lifecycle.AbsenceAgain:
		return lookAgain(a.Wait)
	case lifecycle.AbsenceLate:
		return &Postpone{After: time.Second, Reason: "the item changed during the lookup"}
	case lifecycle.AbsenceCanceled, lifecycle.AbsenceRejected, lifecycle.AbsenceReview:
		log.Str("code", a.Record.Code).Msg("no HaVIP of the item exists")
	}
	return nil
}

// LookupBound returns how long after an item's last request two listings have decided whether it created anything, if no
// listing fails.
func LookupBound(confirmWithin time.Duration) time.Duration {
	return LookupGrace + max(lifecycle.ListingInterval, confirmWithin) + lookAgainJitter
}

// lookAgain returns the decision to wait for the deciding listing.
func lookAgain(wait time.Duration) error {
	return &Postpone{After: wait + jitter.Below(lookAgainJitter), Reason: "no HaVIP of the item was listed; a second listing decides"}
}

// lookupIdle decides an item without a known request for longer than the token lifetime: a request that the ledger lost, because
// it was restored from a backup, is over by then. If nothing is found, the item is sent with its current token.
func (h *Handler) lookupIdle(ctx context.Context, j *job, rec ledger.Record) error {
	if found, decision := h.findIdle(ctx, j, rec, -listingAge); found || decision != nil {
		return decision
	}
	j.lookedUp = true
	return errAgain
}

// atBCE converts a time of the ledger's clock to BCE's, at the earliest: a clock that is ahead now may not have been
// ahead then.
func (h *Handler) atBCE(at ledger.Millis) time.Time {
	return at.Time().Add(min(h.API.ClockOffset(), 0))
}

// findIdle looks up an item without unknown outcomes, in a listing that begins after now+fromNow. A HaVIP belongs to
// the item if it was created after the item was registered, matches its request and has no owner. Found reports a
// match; the decision is then the item's.
func (h *Handler) findIdle(ctx context.Context, j *job, rec ledger.Record, fromNow time.Duration) (found bool, decision error) {
	registered := h.atBCE(rec.RegisteredAt)
	finding, listedAt, err := h.find(ctx, j, fromNow, func(request Request, there []bce.HaVIP, owned func(string) bool) Finding {
		there = slices.DeleteFunc(there, func(v bce.HaVIP) bool {
			return !v.CreatedTime.IsZero() && v.CreatedTime.Before(registered.Add(-clockSlack))
		})
		return Match(request, registered, there, owned)
	})
	switch {
	case err != nil:
		return false, err
	case !finding.Absent():
		return true, h.settleFinding(ctx, j, finding)
	}
	j.listedAt = listedAt
	return false, nil
}

// settleFinding decides an item for which a HaVIP exists.
func (h *Handler) settleFinding(ctx context.Context, j *job, f Finding) error {
	if f.Own != nil {
		return h.adopt(ctx, j, *f.Own)
	}
	return h.settle(ctx, j, ledger.Review, "Candidates",
		"one of these HaVIPs may be this item's: "+describe(f.Candidates), candidates(f.Candidates)...)
}

func candidates(havips []bce.HaVIP) []lifecycle.Candidate {
	all := make([]lifecycle.Candidate, len(havips))
	for i, havip := range havips {
		all[i] = lifecycle.Candidate{HaVIPID: havip.ID, Name: bounded(havip.Name), Address: havip.PrivateIPAddress}
		if !havip.CreatedTime.IsZero() {
			all[i].CreatedAt = ledger.Millis(havip.CreatedTime.UnixMilli())
		}
	}
	return all
}

// matcher compares existing HaVIPs with a request.
type matcher func(request Request, there []bce.HaVIP, owned func(haVIPID string) bool) Finding

// find matches the request against a listing that begins after now+fromNow, and returns when the listing began. Its
// error is a decision.
func (h *Handler) find(ctx context.Context, j *job, fromNow time.Duration, match matcher) (f Finding, listedAt lifecycle.Uptime, err error) {
	request, err := RequestOf(j.item.Spec)
	if err != nil {
		return Finding{}, 0, err
	}
	j.pass.Done(context.WithoutCancel(ctx), Outcome{}) // nothing is sent under it, and a listing is slow
	ctx, stop := h.untilDrain(ctx)
	defer stop()
	there, listedAt, err := h.finder.Find(ctx, request, time.Now().Add(fromNow))
	var owned func(haVIPID string) bool
	if err == nil {
		owned, err = h.owned(ctx, j, there)
	}
	if err != nil {
		j.log.Warn().Err(err).Msg("lookup failed; it will be retried")
		return Finding{}, 0, &Postpone{After: h.delay(max(j.item.Record.Sends, 5), 0), Reason: "lookup: " + err.Error()}
	}
	excluded := func(id string) bool { return owned(id) || slices.Contains(j.item.Record.Excluded, id) }
	return match(request, there, excluded), listedAt, nil
}

// owned reports which of these belong to another item.
func (h *Handler) owned(ctx context.Context, j *job, there []bce.HaVIP) (func(haVIPID string) bool, error) {
	ids := make([]string, len(there))
	for i, havip := range there {
		ids[i] = havip.ID
	}
	owners, err := h.Ledger.Owners(ctx, ids)
	if err != nil {
		return nil, err
	}
	self := j.item.Owner()
	return func(id string) bool {
		owner, taken := owners[id]
		return taken && owner != self
	}, nil
}

// adopt claims the HaVIP, so that no other item can, and records it.
func (h *Handler) adopt(ctx context.Context, j *job, havip bce.HaVIP) error {
	item := j.item
	owner, err := h.Ledger.ClaimHaVIP(ctx, h.Lane.String(), havip.ID, item.Owner())
	if err == nil && owner != item.Owner() {
		return &Postpone{After: h.delay(1, 0), Reason: fmt.Sprintf("%s was just claimed by item %s", havip.ID, owner)}
	}
	var result lifecycle.Found
	if err == nil {
		result, _, err = h.Ledger.Adopt(ctx, item.Batch, item.Key, item.Record, havip.ID, havip.PrivateIPAddress)
	}
	if err != nil {
		return h.later(j, err)
	}
	if result != lifecycle.FoundApplied {
		return &Postpone{After: time.Second, Reason: "the item changed during the lookup: " + string(result)}
	}
	j.log.Info().Str("havip_id", havip.ID).Msg("adopted: an earlier request had created it")
	return nil
}

// renew gives the item its next token and retries immediately, or ends the item if it was canceled. Why is the proof
// that the current token created nothing.
func (h *Handler) renew(ctx context.Context, j *job, rec ledger.Record, why string) error {
	next := ClientToken(j.item.Batch, j.item.Key, rec.Generation+1)
	result, _, err := h.Ledger.Renew(ctx, j.item.Batch, j.item.Key, rec, next, why)
	if err != nil {
		return h.later(j, err)
	}
	return h.renewed(j, rec, result, why)
}

// renewStale renews a token that is too old to be sent again, after a lookup found nothing.
func (h *Handler) renewStale(ctx context.Context, j *job, rec ledger.Record) error {
	const why = "every request under it was refused, and it is too old to be sent again"
	result, wait, err := h.renewRefused(ctx, j, rec, why)
	switch {
	case err != nil:
		return h.later(j, err)
	case result == lifecycle.FoundAgain:
		return lookAgain(wait)
	}
	return h.renewed(j, rec, result, why)
}

func (h *Handler) renewed(j *job, rec ledger.Record, result lifecycle.Found, why string) error {
	switch result {
	case lifecycle.FoundApplied, lifecycle.FoundSame:
	case lifecycle.FoundCanceled:
		j.log.Info().Msg("canceled: nothing was created")
		return nil
	default:
		return &Postpone{After: time.Second, Reason: "the item changed meanwhile: " + string(result)}
	}
	j.log.Info().Int("generation", rec.Generation+1).Str("why", why).Msg("nothing was created under the earlier clientToken; the item has its next one")
	return errAgain
}

func describe(havips []bce.HaVIP) string {
	texts := make([]string, len(havips))
	for i, havip := range havips {
		texts[i] = fmt.Sprintf("%s (%s, created %s)", havip.ID, havip.PrivateIPAddress, havip.CreatedTime.UTC().Format(time.RFC3339))
	}
	return bounded(strings.Join(texts, ", "))
}
