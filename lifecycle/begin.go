package lifecycle

import "time"

// BeginTerms are the terms of one attempt to create.
type BeginTerms struct {
	// ClientToken is the token that the caller means to send; "" accepts the item's own.
	ClientToken string
	// Fingerprint is of the request that the caller means; "" accepts whichever stands.
	Fingerprint string
	// Worker names the process, for people to find it.
	Worker string
	// Ticket is unique to this attempt, so that a repeated call after a lost reply is
	// recognised as the same.
	Ticket string
	// Lease is how long the attempt may take at the very most. Who has watched it for as long may begin the
	// next one.
	Lease time.Duration
	// Request is how long after the worker's last beat before this call the attempt's request is certainly
	// over; [Release] lets others go on when the worker is dead and was silent for as long. It is shorter
	// than Lease, for a worker that lives has to record the outcome as well; 0 means Lease.
	Request time.Duration
	// Watched is what the caller has seen of an attempt in flight.
	Watched Watched
	// TokenMaxAge is how long after the first send with an unknown outcome, or that was refused,
	// its token may still be sent; 0 means for ever. Later sends do not extend it: BCE extends a token's life when
	// it receives it, and whether it did is what nobody knows.
	TokenMaxAge time.Duration
	// ClockOffset is what BCE's clock is known to be ahead of ours: a token ages by BCE's.
	ClockOffset time.Duration
	// NotYet says that nothing may be sent yet: it is answered what the item needs, and what needs no request is
	// put right.
	NotYet bool
	// LookedUp says that the item was idle and its HaVIP has been looked for, in vain.
	LookedUp bool
	// RetryHorizon ends retries this long after the first of the failures that go on; 0 means never. For
	// an item that nobody has sent for an hour, it begins anew.
	RetryHorizon time.Duration
}

// Watched is how long a caller has watched one attempt in flight, by its own monotonic clock.
type Watched struct {
	// Ticket is the attempt's; "" where none was watched.
	Ticket string
	For    time.Duration
}

// Start is what a worker does next with an item.
type Start string

// The starts of [Begin] and [BeginDeletion].
const (
	// StartSend: the intent is durable, unless nothing may be sent yet; send the request.
	StartSend Start = "begun"
	// StartFinished: nothing is left to do.
	StartFinished Start = "finished"
	// StartBusy: another attempt of the item is in flight; ask again after the wait.
	StartBusy Start = "busy"
	// StartAbsent: the item is not registered. The ledger returns it; there is no record to decide about.
	StartAbsent Start = "absent"
)

// The further starts of [Begin].
const (
	// StartDelete: its HaVIP is to be deleted, and nothing is created for it; see [BeginDeletion].
	StartDelete Start = "deleting"
	// StartLookup: some outcome is unknown, and the token may be dead or was used for another
	// request; look for the HaVIP before sending.
	StartLookup Start = "lookup"
	// StartPaused: the batch is paused, and no outcome of the item is unknown. Its task has nothing to do;
	// the resume of the batch puts in another.
	StartPaused Start = "held"
	// StartIdle: no request of the item is known for longer than a token lives, or its token is about to be given
	// up for its age; a ledger that was restored would not know of what was sent. Look for the HaVIP first.
	StartIdle Start = "idle"
	// StartTokenUsed: the clientToken may have been used before the batch was forgotten; renew it before
	// sending.
	StartTokenUsed Start = "spent"
	// StartStale: every request under the token was refused, and it may be dead; renew it before
	// sending.
	StartStale Start = "stale"
	// StartExhausted: the retry horizon has passed, and certainly nothing was created.
	StartExhausted Start = "exhausted"
	// StartForeign: the ledger holds another clientToken for this item.
	StartForeign Start = "foreign"
	// StartConflict: another request stands under this key.
	StartConflict Start = "conflict"
)

const (
	// stillTrying: an item counts as tried in vain only if it was tried until now, by workers that were
	// running.
	stillTrying = time.Hour
	// clockAhead: a moment that lies further ahead than this was noted before a clock was put back. How
	// long ago it was, nobody knows.
	clockAhead = time.Minute
)

// Begin makes the intent to send a request to create, before a byte of it is sent. With [StartBusy] it
// answers how long to wait.
func Begin(s Snapshot, o BeginTerms) (Start, time.Duration, Change) {
	d := s.draft()
	if start, wait := d.refuse(o); start != "" {
		return start, wait, Change{}
	}
	changed := d.recover()
	start := d.next(o)
	switch {
	case start == StartSend && !o.NotYet:
		d.send(o)
	case !changed:
		return start, 0, Change{}
	}
	return start, 0, d.done()
}

// refuse is the answer where nothing is to be begun, or was begun already; "" for none.
func (d *draft) refuse(o BeginTerms) (Start, time.Duration) {
	switch {
	case o.Fingerprint != "" && o.Fingerprint != d.Fingerprint:
		return StartConflict, 0
	case o.ClientToken != "" && o.ClientToken != d.ClientToken:
		return StartForeign, 0
	case d.State.Terminal():
		return StartFinished, 0
	case d.State == Deleting:
		return StartDelete, 0
	case d.State != Sending:
		return "", 0
	case d.Ticket == o.Ticket:
		return StartSend, 0
	}
	if left := d.leaseLeft(o.Watched); left > 0 {
		return StartBusy, left
	}
	return "", 0
}

// recover puts right what an attempt without an end or a clock that was put back has left, and reports
// whether there was anything.
func (d *draft) recover() (changed bool) {
	if d.State == Sending {
		d.interrupt()
		if d.Cancel != nil {
			d.Lookup = true // repeating it could create what a person does not want
		}
		d.move(Unknown, classInterrupted)
		changed = true
	}
	return d.heedClock() || changed
}

// heedClock puts right what stands in the future, since the clock was put back, and reports whether there was
// anything.
func (d *draft) heedClock() (changed bool) {
	if d.LastSentAt.since(d.at.Now) > clockAhead {
		d.LastSentAt = d.at.Now // at the latest; what waits for some time since then must not wait for the clock
		changed = true
	}
	if d.LookAgainAt.since(d.at.Now) > clockAhead {
		d.LookAgainAt = d.at.Now
		changed = true
	}
	return changed
}

// next is what the item needs first; the order of the rules is their rank.
func (d *draft) next(o BeginTerms) Start {
	aged := d.Unknown && d.tokenMayBeDead(o.TokenMaxAge, o.ClockOffset)
	lastKnown := max(d.LastSentAt, d.RenewedAt, d.RegisteredAt)
	idle := o.TokenMaxAge > 0 && d.at.Now.since(lastKnown) > o.TokenMaxAge
	stale := d.RefusedSince != 0 && !d.Unknown && d.isOld(d.RefusedSince, o.TokenMaxAge, o.ClockOffset)
	failed := !d.Unknown && d.FirstFailedAt != 0 && o.RetryHorizon > 0 && d.at.Now.since(d.FirstFailedAt) > o.RetryHorizon
	switch {
	case d.Lookup || aged || d.TokenUsed && d.Unknown: // what is unknown must be known before a token is renewed
		return StartLookup
	case !d.Unknown && d.at.Batch.Paused:
		return StartPaused
	case (idle || stale) && !o.LookedUp:
		return StartIdle
	case d.TokenUsed:
		return StartTokenUsed
	case failed && d.at.Now.since(d.LastSentAt) <= stillTrying:
		return StartExhausted
	case stale:
		return StartStale
	}
	if failed {
		d.FirstFailedAt = 0 // nobody has tried meanwhile: the horizon begins anew
	}
	return StartSend
}

// tokenMayBeDead reports whether BCE may have forgotten the token of an item of unknown outcome. Where a
// clock was put back, a refusal that came after the unknown outcome may be the older by it.
func (d *draft) tokenMayBeDead(maxAge, clockOffset time.Duration) bool {
	return d.isOld(d.UnknownSince, maxAge, clockOffset) ||
		d.RefusedSince != 0 && d.isOld(d.RefusedSince, maxAge, clockOffset)
}

// isOld reports whether a token may be dead that has been in use since this time, by BCE's clock.
func (d *draft) isOld(since Millis, maxAge, clockOffset time.Duration) bool {
	age := d.at.Now.add(clockOffset).since(since)
	return maxAge > 0 && (age > maxAge || age < -clockAhead)
}

// send begins the item's next request to create.
func (d *draft) send(o BeginTerms) {
	now := d.at.Now
	d.Sends++
	if d.FirstSentAt == 0 {
		d.FirstSentAt = now
	}
	d.LastSentAt = now
	d.lease(o.Worker, o.Ticket, o.Lease, o.Request)
	d.ClockOffset = Millis(o.ClockOffset.Milliseconds())
	d.write(Attempt{
		Number: d.Sends, Generation: d.Generation, At: now, ClockOffset: d.ClockOffset,
		Worker: o.Worker, Class: classSending,
	})
	if dropped := d.Sends - logLast; dropped > logFirst {
		d.change.Dropped = append(d.change.Dropped, LogKey{"", dropped})
	}
	d.change.OnlyUnpaused = !d.Unknown
	d.move(Sending, "")
}

// lease notes whose attempt is in flight, and for how long. The moments are the ledger's, for people: what
// decides is how far they are from that of the begin, which no step of a clock changes.
func (d *draft) lease(worker, ticket string, lease, request time.Duration) {
	if request == 0 {
		request = lease
	}
	d.LeaseUntil, d.RequestUntil = d.at.Now.add(lease), d.at.Now.add(request)
	d.Worker, d.Ticket = worker, ticket
	if d.EnqueuedAt == 0 {
		d.EnqueuedAt = d.at.Now
	}
}
