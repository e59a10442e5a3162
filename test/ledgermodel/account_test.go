package ledgermodel_test

import (
	"cmp"
	"slices"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

// account is what an item's callers know of it, apart from what the ledger says.
type account struct {
	requests []*request
	// tokenSince is when the item got its token.
	tokenSince ledger.Millis
	// lookBefore is the token under which nothing may be sent before the HaVIP was looked for.
	lookBefore string
	// unwanted is set when a person wanted the item canceled.
	unwanted bool
}

// request is one that the ledger let through.
type request struct {
	token, worker, ticket string
	at                    ledger.Millis
	// lease is how long the attempt may take, and bound for how long its worker must be silent for its request
	// to be over.
	lease, bound time.Duration
	offset       time.Duration
	// over: something was heard of it, or somebody has watched it, or its dead worker, for long enough.
	over bool
	// outcome is what was first heard of it; nil while nothing was.
	outcome *ledger.Outcome
	// clear: it created nothing, by what was heard in time or by a lookup.
	clear bool
}

// left reports whether the request left the machine, as far as is known.
func (r *request) left() bool { return r.outcome == nil || r.outcome.Unknown || r.outcome.Status != 0 }

// watch notes which requests are over, by what a caller says to have seen. What any clock of the ledger says
// does not matter.
func (a *account) watch(seen ledger.Watched) {
	for _, r := range a.requests {
		r.over = r.over || r.outcome != nil || r.ticket == seen.Ticket && seen.For >= r.lease
	}
}

// underWay reports whether some request may be on its way.
func (a *account) underWay() bool {
	return slices.ContainsFunc(a.requests, func(r *request) bool { return !r.over })
}

// inDoubt reports whether BCE may have acted on a request under the token.
func (a *account) inDoubt(token string) bool {
	return slices.ContainsFunc(a.requests, func(r *request) bool { return r.token == token && !r.clear })
}

// age is how long BCE may have known the token, by BCE's clock: from the first request under it that
// left, or from one in doubt that was sent earlier by that clock.
func (a *account) age(token string, now ledger.Millis, offset time.Duration) time.Duration {
	oldest, left := time.Duration(0), false
	for _, r := range a.requests {
		age := milliseconds(now-r.at) + offset - r.offset
		switch {
		case r.token != token || r.clear && !r.left():
		case !left:
			oldest, left = age, true
		case !r.clear:
			oldest = max(oldest, age)
		}
	}
	return oldest
}

// idle is how long nothing was sent, since the item has its token.
func (a *account) idle(now ledger.Millis) time.Duration {
	last := a.tokenSince
	for _, r := range a.requests {
		last = max(last, r.at)
	}
	return milliseconds(now - last)
}

// silent are the numbers of the requests that nothing was heard of, and that of the last.
func (a *account) silent() []int {
	numbers := []int{len(a.requests)}
	for i, r := range a.requests {
		if r.outcome == nil {
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}

// note keeps the account.
func (a *account) note(s step, owner ledger.Owner, before, after ledger.Record) {
	switch o := s.operation.(type) {
	case begin:
		if o.item == owner {
			a.watch(o.options.Watched)
		}
		if after.Sends > len(a.requests) {
			a.requests = append(a.requests, &request{
				token: after.ClientToken, worker: o.options.Worker, ticket: o.options.Ticket,
				at: s.now, offset: o.options.ClockOffset,
				lease: o.options.Lease, bound: cmp.Or(o.options.Request, o.options.Lease),
			})
		}
	case record:
		if o.item == owner && s.answer.(decision).Verdict != ledger.Gone {
			a.hear(o, s.answer.(decision))
		}
	case release:
		if o.item == owner {
			a.bury(o)
		}
	case renew, retry:
		a.goOn(s, before, after)
	case confirm:
		if confirmationOf(s, owner) == lifecycle.ConfirmationRenewed {
			a.outlived()
		}
		a.goOn(s, before, after)
	case cancel:
		a.unwanted = a.unwanted || after.Cancel != nil || before.State != after.State
	}
}

// hear: an outcome that asks for a lookup speaks for the latest request. One that comes late, of a
// request whose token was given up as one that created nothing, says that this may have been wrong.
func (a *account) hear(o record, answer decision) {
	r, token := a.requests[o.n-1], answer.Record.ClientToken
	if r.outcome != nil {
		return
	}
	onTime := answer.Verdict == ledger.Applied
	r.outcome, r.clear = &o.outcome, (r.clear || onTime) && !o.outcome.Unknown
	if (onTime && o.outcome.Lookup) || (o.outcome.Unknown && r.token != token) {
		a.lookBefore = token
	}
}

// bury ends the requests of a dead worker that was silent for long enough.
func (a *account) bury(o release) {
	for _, r := range a.requests {
		r.over = r.over || r.worker == o.dead && o.silent >= r.bound
	}
}

// outlived: the time that BCE had to show what it created is longer than any request takes.
func (a *account) outlived() {
	for _, r := range a.requests {
		r.over = true
	}
}

// proven: a lookup has shown that nothing was created under the token.
func (a *account) proven(token string) {
	a.lookBefore = ""
	for _, r := range a.requests {
		r.clear = r.clear || r.token == token
	}
}

// goOn is with another token, or with the same one after an end that proves nothing.
func (a *account) goOn(s step, before, after ledger.Record) {
	if answer, is := s.answer.(decision); is && answer.Verdict == ledger.Withdrawn && before.State != after.State {
		a.proven(after.ClientToken)
	}
	a.unwanted = a.unwanted && (!before.State.Terminal() || after.State.Terminal())
	if after.ClientToken != before.ClientToken {
		a.tokenSince = max(a.tokenSince, s.now) // a clock may have been put back
		return
	}
	if before.State.Terminal() && !after.State.Terminal() {
		if before.State == ledger.Review || a.inDoubt(before.ClientToken) {
			a.lookBefore = after.ClientToken
		} else {
			a.tokenSince = max(a.tokenSince, s.now)
		}
	}
}
