package ledgermodel

import (
	"cmp"
	"slices"
	"time"

	"havip/ledger"
)

// ahead is how far a moment may lie in the future. One that lies further was noted before a clock was
// put back: how long ago it was, nobody knows.
const ahead = time.Minute

// stillTrying is how long after its last request an item counts as one that is being tried.
const stillTrying = time.Hour

// Begin makes the intent to send durable, or says what stands against it.
func (m *Model) Begin(name, key string, o ledger.BeginOptions) ledger.Start {
	now := m.now()
	i := m.item(name, key)
	if i == nil {
		return ledger.Start{Verdict: ledger.Absent, At: now}
	}
	verdict, wait := i.begin(now, o)
	return ledger.Start{Verdict: verdict, Item: i.view(), At: now, Wait: wait}
}

func (i *item) begin(now ledger.Millis, o ledger.BeginOptions) (ledger.Verdict, time.Duration) {
	if verdict := i.refuses(o); verdict != "" {
		return verdict, 0
	}
	if flying := i.flying(); flying != nil {
		switch {
		case flying.ticket == o.Ticket:
			return ledger.Begun, 0
		case flying.left(o.Watched) > 0:
			return ledger.Busy, flying.left(o.Watched)
		}
		i.interrupt(now)
		i.look = i.look || i.wish != nil // repeating it could create what a person does not want
		i.enter(now, ledger.Unknown, interrupted)
	}
	if i.lastSent-now > span(ahead) {
		i.lastSent, i.changed = now, now
	}
	if verdict := i.hinders(now, o); verdict != "" {
		return verdict, 0
	}
	i.send(now, o)
	return ledger.Begun, 0
}

// refuses tells a caller that is at the wrong item.
func (i *item) refuses(o ledger.BeginOptions) ledger.Verdict {
	switch {
	case o.Fingerprint != "" && o.Fingerprint != i.spec.Fingerprint:
		return ledger.Conflict
	case o.ClientToken != "" && o.ClientToken != i.token:
		return ledger.Foreign
	case i.state.Terminal():
		return ledger.Finished
	case i.deletion != nil:
		return ledger.ToDelete
	}
	return ""
}

// left is for how much longer a caller that has watched this must watch the attempt before it may go on.
func (s *send) left(w ledger.Watched) time.Duration {
	switch {
	case s.released:
		return 0
	case w.Ticket != s.ticket:
		return s.lease
	}
	return max(0, s.lease-w.For)
}

// interrupt gives up an attempt that is over: what it did, nobody knows.
func (i *item) interrupt(now ledger.Millis) {
	s := i.flying()
	s.Class, s.counted = interrupted, true
	i.suspect(s.sentAt())
	i.failing = cmp.Or(i.failing, now)
	i.words.Class = interrupted
}

// hinders tells why nothing may be sent now, surest first.
func (i *item) hinders(now ledger.Millis, o ledger.BeginOptions) ledger.Verdict {
	mayBeDead := func(since ledger.Millis) bool {
		age := now + span(o.ClockOffset) - since
		return longerThan(o.TokenMaxAge, age) || o.TokenMaxAge > 0 && age < -span(ahead)
	}
	failed := i.failing != 0 && longerThan(o.RetryHorizon, now-i.failing)
	refused := i.refusedSince()
	switch {
	case i.look:
		return ledger.Lookup
	case i.inDoubt() && (mayBeDead(slices.Min(i.doubts)) || refused != 0 && mayBeDead(refused)):
		return ledger.Lookup
	case i.batch.hold != nil && !i.inDoubt():
		return ledger.OnHold
	case longerThan(o.TokenMaxAge, now-i.lastKnown()) && !o.LookedUp:
		return ledger.Idle
	case i.spent:
		return ledger.Spent
	case failed && i.inDoubt():
		return ledger.Lookup
	case failed && now-i.lastSent <= span(stillTrying):
		return ledger.Exhausted
	case refused != 0 && !i.inDoubt() && mayBeDead(refused):
		return ledger.Stale
	}
	if failed {
		i.failing = 0 // nobody has tried meanwhile: the horizon begins anew
	}
	return ""
}

// lastKnown is when anything was last sent, or could first have been sent under the token.
func (i *item) lastKnown() ledger.Millis { return max(i.lastSent, i.renewed, i.registered) }

// longerThan is never true of the limit 0.
func longerThan(limit time.Duration, t ledger.Millis) bool { return limit > 0 && t > span(limit) }

func (i *item) send(now ledger.Millis, o ledger.BeginOptions) {
	i.sends = append(i.sends, &send{
		Attempt: ledger.Attempt{
			Number: len(i.sends) + 1, Generation: i.generation, At: now, Worker: o.Worker, Class: inFlight,
		},
		ticket: o.Ticket, offset: span(o.ClockOffset), until: now + span(o.Lease), lease: o.Lease, request: cmp.Or(o.Request, o.Lease),
	})
	i.firstSent, i.lastSent, i.enqueued = cmp.Or(i.firstSent, now), now, cmp.Or(i.enqueued, now)
	i.enter(now, ledger.Sending, "")
}
