package lifecycle

import "time"

// BeginTerms are the terms of one attempt to create.
type BeginTerms struct {
	// ClientToken is the token that the caller will send; "" means the item's own.
	ClientToken string
	// Fingerprint is that of the caller's request; "" means the registered one.
	Fingerprint string
	// Worker is the name of the process.
	Worker string
	// Ticket is unique to this attempt; it identifies a call that is repeated after a lost reply.
	Ticket string
	// Lease is how long the attempt may take at most. A caller that has watched it for that long may begin the next
	// one.
	Lease time.Duration
	// Request is how long after the worker's last heartbeat the attempt's request has certainly ended; [Release]
	// releases the item when the dead worker was silent for that long. It is shorter than Lease, which includes
	// recording the outcome; 0 means Lease.
	Request time.Duration
	// Watched is how long the caller has watched the attempt in flight.
	Watched Watched
	// TokenMaxAge is how long after the first refused send, or send of unknown outcome, the token may still be sent; 0
	// means forever. Later sends do not extend it, because it is unknown whether BCE received them.
	TokenMaxAge time.Duration
	// ClockOffset is how far BCE's clock is known to be ahead of ours: a token ages by BCE's clock.
	ClockOffset time.Duration
	// NotYet is true if nothing may be sent yet: Begin only returns what the item needs, and repairs the record.
	NotYet bool
	// LookedUp is true if the idle item was looked up and nothing was found.
	LookedUp bool
	// RetryHorizon ends retries this long after the first consecutive failure; 0 means never. It restarts for an item
	// that was not sent for an hour.
	RetryHorizon time.Duration
}

// Watched is how long a caller has watched one attempt in flight, by its own monotonic clock.
type Watched struct {
	// Ticket is the attempt's; "" if none was watched.
	Ticket string
	For    time.Duration
}

// Start is what a worker does next with an item.
type Start string

// The starts of [Begin] and [BeginDeletion].
const (
	// StartSend: send the request; its intent is durable, except with NotYet.
	StartSend Start = "begun"
	// StartFinished: nothing is left to do.
	StartFinished Start = "finished"
	// StartBusy: another attempt of the item is in flight; begin again after the wait.
	StartBusy Start = "busy"
	// StartAbsent: the item is not registered. The ledger returns it; there is no record to decide about.
	StartAbsent Start = "absent"
)

// The further starts of [Begin].
const (
	// StartDelete: its HaVIP is to be deleted; see [BeginDeletion].
	StartDelete Start = "deleting"
	// StartLookup: an outcome is unknown, and the token may be dead or used for another request; look up the HaVIP
	// before sending.
	StartLookup Start = "lookup"
	// StartPaused: the batch is paused, and no outcome of the item is unknown. Its task can end; a resume enqueues
	// another.
	StartPaused Start = "paused"
	// StartIdle: no request of the item is known for longer than a token's lifetime, or its token is about to be
	// renewed for its age. A restored ledger may lack requests, so look up the HaVIP first.
	StartIdle Start = "idle"
	// StartTokenUsed: the clientToken may have been used before the batch was deleted; renew it before sending.
	StartTokenUsed Start = "token-used"
	// StartStale: every request under the token was refused, and it may be dead; renew it before
	// sending.
	StartStale Start = "stale"
	// StartExhausted: the retry horizon has passed, and certainly nothing was created.
	StartExhausted Start = "exhausted"
	// StartForeign: the item has another clientToken.
	StartForeign Start = "foreign"
	// StartConflict: another request is registered under this key.
	StartConflict Start = "conflict"
)

const (
	// recentAttempt: retries are exhausted only if the last attempt is this recent, so that workers were running.
	recentAttempt = time.Hour
	// clockAhead: a time further in the future than this was recorded before a clock was set back. Its age is unknown.
	clockAhead = time.Minute
)

// Begin records the intent to send a create, before a byte is sent. With [StartBusy] it returns how long to wait.
func Begin(s Snapshot, o BeginTerms) (Start, time.Duration, Change) {
	d := s.draft()
	if start, wait := d.refuse(o); start != "" {
		return start, wait, Change{}
	}
	changed := d.repair()
	start := d.next(o)
	switch {
	case start == StartSend && !o.NotYet:
		d.send(o)
	case !changed:
		return start, 0, Change{}
	}
	return start, 0, d.done()
}

// refuse returns why no attempt can begin, or that it already began; "" otherwise.
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

// repair repairs the record after an attempt without an outcome or a clock that was set back, and reports whether it
// changed.
func (d *draft) repair() (changed bool) {
	if d.State == Sending {
		d.interrupt()
		if d.Cancel != nil {
			d.Lookup = true // repeating it could create the canceled HaVIP
		}
		d.move(Unknown, classInterrupted)
		changed = true
	}
	return d.repairClock() || changed
}

// repairClock repairs times in the future, from before the clock was set back, and reports whether the record changed.
func (d *draft) repairClock() (changed bool) {
	if d.LastSentAt.since(d.at.Now) > clockAhead {
		d.LastSentAt = d.at.Now // the latest possible; waits that start then must not depend on the clock
		changed = true
	}
	if d.LookAgainAt.since(d.at.Now) > clockAhead {
		d.LookAgainAt = d.at.Now
		changed = true
	}
	return changed
}

// next returns what the item needs first; the first matching rule wins.
func (d *draft) next(o BeginTerms) Start {
	aged := d.Unknown && d.tokenMayBeDead(o.TokenMaxAge, o.ClockOffset)
	lastKnown := max(d.LastSentAt, d.RenewedAt, d.RegisteredAt)
	idle := o.TokenMaxAge > 0 && d.at.Now.since(lastKnown) > o.TokenMaxAge
	stale := d.RefusedSince != 0 && !d.Unknown && d.isOld(d.RefusedSince, o.TokenMaxAge, o.ClockOffset)
	failed := !d.Unknown && d.FirstFailedAt != 0 && o.RetryHorizon > 0 && d.at.Now.since(d.FirstFailedAt) > o.RetryHorizon
	switch {
	case d.Lookup || aged || d.TokenUsed && d.Unknown: // a lookup must precede a renewal
		return StartLookup
	case !d.Unknown && d.at.Batch.Paused:
		return StartPaused
	case (idle || stale) && !o.LookedUp:
		return StartIdle
	case d.TokenUsed:
		return StartTokenUsed
	case failed && d.at.Now.since(d.LastSentAt) <= recentAttempt:
		return StartExhausted
	case stale:
		return StartStale
	}
	if failed {
		d.FirstFailedAt = 0 // not tried for an hour: the horizon restarts
	}
	return StartSend
}

// tokenMayBeDead reports whether BCE may have forgotten the token of an item of unknown outcome. After a clock was set
// back, a later refusal may have the earlier time.
func (d *draft) tokenMayBeDead(maxAge, clockOffset time.Duration) bool {
	return d.isOld(d.UnknownSince, maxAge, clockOffset) ||
		d.RefusedSince != 0 && d.isOld(d.RefusedSince, maxAge, clockOffset)
}

// isOld reports whether a token in use since this time of BCE's clock may be dead.
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

// lease records the attempt in flight. Only the distance of its times from the start of the attempt counts, which no
// clock step changes.
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
