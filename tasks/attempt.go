package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"havip/bce"
	"havip/ledger"
	"havip/lifecycle"
)

// attempt sends the request of an attempt that has begun, records the outcome and decides what asynq does.
func (h *Handler) attempt(ctx context.Context, j *job) error {
	// Neither asynq's lease nor a shutdown may cut off a call: its outcome would be unknown.
	ctx = context.WithoutCancel(ctx)
	outcome, took := h.send(ctx, j)
	outcome = h.refusals.classify(outcome, j.pass.SuspendedFor())
	h.logAttempt(j, outcome, took)
	h.observe(OpCreate, j.item.Record, outcome, took)
	clockLearned := h.clockLearned(outcome, j.clockOffset)
	if !clockLearned { // a corrected clock is not a lane fault
		j.pass.Done(ctx, outcome)
	}
	rec, err := h.record(ctx, j, outcome, took)
	if err != nil {
		// The outcome stays unknown to the ledger: the next attempt repeats the same token and bytes, and gets the same
		// result.
		return &Postpone{After: h.delay(j.item.Record.Attempts+1, 0), Reason: err.Error()}
	}
	switch {
	case rec.State.Terminal():
		return nil
	case rec.Lookup:
		return &Postpone{After: h.lookupGrace(), Reason: "outcome unknown: it will be looked up"}
	case clockLearned:
		return errAgain
	case suspectToken(rec, outcome):
		return h.renewSuspectToken(ctx, j, rec)
	}
	// Spaced by sends, since waits do not count as attempts.
	return &Postpone{After: h.delay(rec.Sends, outcome.RetryAfter), Reason: fmt.Sprintf("%s: %s", outcome.Class, bounded(outcome.Message))}
}

// suspectTokenAfter returns after how many equal refusals in a row the token is suspect. BCE does not document whether
// it repeats a refusal for a repeated token; if it does, the item would wait forever. Throttling repeats by itself, so
// its number is higher.
func suspectTokenAfter(class Class) int {
	if class == ClassThrottled {
		return 10
	}
	return 3
}

// suspectToken reports whether the item should get its next token. If a renewed token meets the same refusal, the token
// is not the cause.
func suspectToken(rec ledger.Record, o Outcome) bool {
	return !rec.Unknown && o.Scope != ScopeClock && rec.Refusals >= suspectTokenAfter(o.Class) && rec.RenewedFor != o.Code
}

// renewalSettles is how long a token that was renewed for refusals stays unsent. A crash or failover of Redis may lose
// its last second or two. If Redis lost the renewal and the next request, the earlier token would be sent again and
// create a second HaVIP. Other renewals need no wait: if one is lost, the same token is derived again.
const renewalSettles = 3 * time.Second

// renewSuspectToken gives the item its next token, because every recorded request under the current one was refused. It
// first looks the item up: a restored ledger may lack a request.
func (h *Handler) renewSuspectToken(ctx context.Context, j *job, rec ledger.Record) error {
	j.item.Record = rec
	if found, decision := h.findIdle(ctx, j, rec, 0); found || decision != nil {
		return decision
	}
	why := fmt.Sprintf("refused %d times with the same error: %s", rec.Refusals, rec.Code)
	result, _, err := h.renewRefused(ctx, j, rec, why)
	if err != nil {
		return h.later(j, err)
	}
	if result == lifecycle.FoundAgain { // until the second listing, the current token is sent
		return &Postpone{After: h.delay(rec.Sends, 0), Reason: why}
	}
	j.log.Info().Int("generation", rec.Generation+1).Str("result", string(result)).Str("why", why).Msg("the item has its next clientToken")
	return &Postpone{After: max(h.delay(rec.Sends, 0), renewalSettles), Reason: why}
}

// renewRefused issues the item's next clientToken after every request under the present one was refused and no listing shows
// its HaVIP.
func (h *Handler) renewRefused(ctx context.Context, j *job, rec ledger.Record, why string) (lifecycle.Found, time.Duration, error) {
	return h.Ledger.RenewRefused(ctx, j.item.Batch, j.item.Key, rec, lifecycle.AbsenceTerms{
		ListedAt: j.listedAt, ConfirmWithin: h.ConfirmWithin, Next: ClientToken(j.item.Batch, j.item.Key, rec.Generation+1),
	}, why)
}

// send makes the one API call of an attempt. It ends at most RequestTimeout after the attempt began.
//
// The request is dated with the start of the attempt, by the clock that determined the token's age. If that clock turns
// out wrong before the request is signed, or if this process is suspended, BCE refuses the request as expired instead
// of creating with an expired token.
//
// Nothing is sent if the deadline has passed by the wall clock: the monotonic clock of deadlines stops while a machine
// is suspended, and it may resume days later, when other workers have continued the item.
func (h *Handler) send(ctx context.Context, j *job) (Outcome, time.Duration) {
	sent, until := time.Now(), j.began.Add(h.RequestTimeout)
	if sent.Round(0).After(until.Round(0)) {
		return Outcome{Class: ClassNotSent, Message: "this machine was suspended before the request was sent"}, 0
	}
	ctx, cancel := context.WithDeadline(bce.WithDate(ctx, j.began.Add(j.clockOffset)), until)
	defer cancel()
	out, err := h.API.CreateHaVIPBody(ctx, j.item.Record.ClientToken, []byte(j.item.Body))
	return Classify(out, err, j.item.Record.Unknown), time.Since(sent)
}

// logAttempt writes the log line of an attempt.
func (h *Handler) logAttempt(j *job, o Outcome, took time.Duration) {
	level := zerolog.InfoLevel
	if o.Class != ClassCreated {
		level = zerolog.WarnLevel
	}
	j.log.WithLevel(level).Int("attempt", j.item.Record.Sends).Str("class", string(o.Class)).
		Str("scope", string(o.Scope)).Int("status", o.Status).Str("code", o.Code).
		Str("detail", bounded(o.Message)).Str("request_id", o.RequestID).Str("havip_id", o.HaVIPID).
		Dur("duration", took).Msg("attempt")
}

// record records the outcome. While Redis is unavailable it retries briefly, and then passes the outcome to the OutcomeBuffer.
func (h *Handler) record(ctx context.Context, j *job, o Outcome, took time.Duration) (ledger.Record, error) {
	address := ""
	if request, err := RequestOf(j.item.Spec); err == nil {
		address = request.PrivateIPAddress
	}
	rec := j.item.Record
	u := PendingOutcome{
		Lane: h.Lane, Batch: j.item.Batch, Key: j.item.Key,
		Send: rec.Sends, At: rec.LastSentAt, Worker: rec.Worker, ForgottenGeneration: rec.ForgottenGeneration, Outcome: o.entry(address, took),
	}
	u.Outcome.Ticket, u.Outcome.Generation = j.ticket, rec.Generation
	recorder := Recorder{Ledger: h.Ledger, Logger: h.Logger}
	patience := recordTimeout
	if h.OutcomeBuffer != nil {
		patience = bufferAfter
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for try := 1; ; try++ {
		u.Outcome.SentAgo = time.Since(j.began)
		rec, err := recorder.Record(limited, u, j.known)
		if err == nil {
			return rec, nil
		}
		if pause(limited, min(50*time.Millisecond<<min(try, 6), time.Second)) != nil {
			h.bufferOutcome(ctx, j, u, err)
			return ledger.Record{}, err
		}
	}
}

// bufferOutcome passes an outcome that could not be recorded to the OutcomeBuffer.
func (h *Handler) bufferOutcome(ctx context.Context, j *job, u PendingOutcome, cause error) {
	log := j.log.Error().Err(cause).Str("class", u.Outcome.Class).Str("havip_id", u.Outcome.HaVIPID)
	if h.OutcomeBuffer == nil {
		log.Msg("outcome not recorded; the request will be repeated under its clientToken")
		return
	}
	log.Msg("outcome not recorded yet; it is buffered until Redis is back")
	h.OutcomeBuffer.Add(ctx, u)
}

// clockLearned reports whether a request that was refused for its date should be signed again, because the client has
// corrected its clock. SignedWith is the offset of the refused request. The first of many refused requests corrects the
// clock; all are signed again.
func (h *Handler) clockLearned(o Outcome, signedWith time.Duration) bool {
	return o.Scope == ScopeClock && h.API.ClockOffset() != signedWith
}

// logClock logs a correction of the clock, once.
func (h *Handler) logClock() {
	switch offset := h.API.ClockOffset(); {
	case time.Duration(h.loggedOffset.Swap(int64(offset))) == offset:
	case offset == 0:
		h.Logger.Info().Msg("this machine's clock agrees with BCE's again; signing with it")
	default:
		h.Logger.Warn().Dur("offset", offset).Msg("this machine's clock differs from BCE's; signing with BCE's")
	}
}

// pause waits for d, or returns ctx's error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return errors.Join(ctx.Err(), context.Cause(ctx))
	}
}
