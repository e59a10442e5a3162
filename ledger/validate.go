package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// The bounds of the data in Redis. Other programs can write there, and their data must cost a worker neither memory nor
// time: nothing allocates, loops or waits by a number outside of these bounds. Data outside of them is damaged; see
// [UnreadableError]. They are far above what this program writes.
const (
	// maxText bounds a record, a spec, a log entry or a fact of a batch, in bytes. The longest are the spec of an item
	// with a description of 4 KiB, which JSON in JSON may make 28 KiB long, and a record with an operator's reason.
	maxText = 256 << 10
	// maxShort bounds a token, a fingerprint and the names of an account and a region, in bytes.
	maxShort = 256
	// maxCount bounds a count of requests, generations, rounds and items. A request a second reaches it in 30 years.
	// Adding to it cannot overflow, on any machine.
	maxCount = 1_000_000_000
	// maxMoment is the year 2090. maxOffset is 57 years: a clock that was never set shows 1970. The distance between
	// two moments, each with an offset, still fits in a [time.Duration].
	maxMoment Millis = 3_786_912_000_000
	maxOffset Millis = 57 * 365 * 24 * 3_600_000
	// maxLease bounds how long an attempt may be in flight, because others wait for it. A worker's lease is some minutes.
	maxLease = time.Hour
)

var errTooLong = fmt.Errorf("longer than %d bytes", maxText)

// unmarshal decodes JSON of a bounded length.
func unmarshal(text string, into any) error {
	if len(text) > maxText {
		return errTooLong
	}
	return json.Unmarshal([]byte(text), into)
}

func decodeAttempt(text string) (a Attempt, err error) {
	if err = unmarshal(text, &a); err == nil {
		err = validateAttempt(a)
	}
	if err != nil {
		return Attempt{}, err
	}
	return a, nil
}

func validateRecord(r Record) error {
	if !slices.Contains(States(), r.State) {
		return fmt.Errorf("state %.40q is unknown", r.State)
	}
	// Without its clientToken, a repeated request would create a second HaVIP.
	if r.ClientToken == "" {
		return errors.New("clientToken is missing")
	}
	if r.Generation < 1 {
		return fmt.Errorf("generation is %d", r.Generation)
	}
	v := &validation{}
	v.short("clientToken", r.ClientToken)
	v.short("fingerprint", r.Fingerprint)
	v.count("generation", r.Generation)
	v.count("forgotten", r.ForgottenGeneration)
	v.count("sends", r.Sends)
	v.count("attempts", r.Attempts)
	v.count("deletes", r.Deletes)
	v.count("refusals", r.Refusals)
	v.count("round", r.Round)
	v.count("status", r.Status)
	v.moment("registeredAt", r.RegisteredAt)
	v.moment("createdAt", r.CreatedAt)
	v.moment("renewedAt", r.RenewedAt)
	v.moment("updatedAt", r.UpdatedAt)
	v.moment("enqueuedAt", r.EnqueuedAt)
	v.sent("firstSentAt", r.FirstSentAt)
	v.moment("lastSentAt", r.LastSentAt)
	v.moment("firstFailedAt", r.FirstFailedAt)
	v.moment("leaseUntil", r.LeaseUntil)
	v.moment("requestUntil", r.RequestUntil)
	v.moment("confirmAt", r.ConfirmAt)
	v.moment("lookAgainAt", r.LookAgainAt)
	v.moment("unansweredAt", r.UnansweredAt)
	v.moment("absentSince", Millis(r.AbsentSince))
	v.sent("unknownSince", r.UnknownSince)
	v.sent("refusedSince", r.RefusedSince)
	v.offset("offset", r.ClockOffset)
	began := r.LastSentAt
	if r.Deletion != nil {
		v.moment("deletion.at", r.Deletion.At)
		v.moment("deletion.sentAt", r.Deletion.SentAt)
		began = r.Deletion.SentAt
	}
	if r.Cancel != nil {
		v.moment("cancel.at", r.Cancel.At)
	}
	for _, c := range r.Candidates {
		v.moment("candidates.createdAt", c.CreatedAt)
	}
	if r.InFlight() {
		v.lease("leaseUntil", r.LeaseUntil, began)
		v.lease("requestUntil", r.RequestUntil, began)
	}
	return v.err
}

func validateAttempt(a Attempt) error {
	v := &validation{}
	v.count("n", a.Number)
	v.count("gen", a.Generation)
	v.count("status", a.Status)
	v.moment("at", a.At)
	v.offset("offset", a.ClockOffset)
	v.moment("ms", Millis(a.DurationMS))
	return v.err
}

func validateSpec(s Spec) error {
	// The body is sent unchanged, so it must be complete.
	if !json.Valid([]byte(s.Body)) {
		return errors.New("body is not JSON")
	}
	if s.Account == "" || s.Region == "" {
		return errors.New("account or region is missing")
	}
	v := &validation{}
	v.short("account", s.Account)
	v.short("region", s.Region)
	v.short("priority", s.Priority)
	v.short("ownToken", s.OwnToken)
	v.count("line", s.Line)
	return v.err
}

// validation keeps the first fault that it finds.
type validation struct{ err error }

func (v *validation) within(name string, n, lowest, highest int64) {
	if v.err == nil && (n < lowest || n > highest) {
		v.err = fmt.Errorf("%s is %d; must be from %d to %d", name, n, lowest, highest)
	}
}

func (v *validation) short(name, text string) {
	if v.err == nil && len(text) > maxShort {
		v.err = fmt.Errorf("%s has %d bytes; at most %d are allowed", name, len(text), maxShort)
	}
}

func (v *validation) count(name string, n int) { v.within(name, int64(n), 0, maxCount) }

func (v *validation) moment(name string, m Millis) { v.within(name, int64(m), 0, int64(maxMoment)) }

func (v *validation) offset(name string, m Millis) {
	v.within(name, int64(m), -int64(maxOffset), int64(maxOffset))
}

// sent is a time by BCE's clock: the ledger's with an offset.
func (v *validation) sent(name string, m Millis) {
	v.within(name, int64(m), -int64(maxOffset), int64(maxMoment+maxOffset))
}

// lease is the end of an attempt that has been in flight since began.
func (v *validation) lease(name string, until, began Millis) {
	if until != 0 {
		v.within(name+" minus the time of sending", int64(until-began), math.MinInt64, maxLease.Milliseconds())
	}
}
