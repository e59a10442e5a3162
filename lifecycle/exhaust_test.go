package lifecycle

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"
)

var exhaustDepth = flag.Int("exhaust-depth", 6, "how many events follow one another")

// All sequences of up to -exhaust-depth events, from a newly registered item. An event is an action of a worker, BCE,
// an operator or time. BCE may give any answer, at any time, to any of the item's requests. Sequences that lead to the
// same item and ages are merged.
//
// The test derives the proofs that the rules need from the requests and listings alone, and compares them with what the
// item did.
func TestEverySequenceOfEvents(t *testing.T) {
	t.Parallel()
	began := time.Now()
	seen := map[string]bool{}
	transitions := 0
	states := []life{{Record: registered(), now: start}}
	for depth := range *exhaustDepth {
		var next []life
		for _, l := range states {
			for _, turn := range turns {
				after := l.clone()
				turn.do(&after)
				transitions++
				if after.broken != "" {
					t.Fatalf("%s\n%s: %s\n%+v", l.way, turn.name, after.broken, after.Record)
				}
				if key := after.key(); !seen[key] {
					seen[key] = true
					after.way += turn.name + "\n"
					next = append(next, after)
				}
			}
		}
		states = next
		t.Logf("depth %d: %d new of %d states, %d transitions, %v", depth+1, len(next), len(seen), transitions, time.Since(began).Round(time.Millisecond))
	}
}

// life is an item, and what happened to it.
type life struct {
	Record
	now      Millis
	log      map[LogKey]Attempt
	requests []request
	// absent are when the first and the last listing did not show it since the last request that was not answered.
	absent [2]Millis
	// hidden is since when BCE does not show the HaVIP that it answered with.
	hidden Millis
	// over says that the attempt in flight is, as somebody may know.
	over   bool
	way    string
	broken string
}

// request is one to create.
type request struct {
	generation int
	ticket     string
	begun      Millis
	// afterUnknown: the outcome of one before it was unknown.
	afterUnknown bool
	// answer is the class of what BCE said; "" while nobody heard. What is heard when the next was begun already comes
	// too late.
	answer string
	late   bool
}

// mayHaveCreated reports whether the answer leaves that open.
func (r request) mayHaveCreated() bool {
	return r.answer == "" || r.answer == "unknown" || r.answer == "created" || r.late
}

func (l life) clone() life {
	l.Record = l.Record.clone()
	l.requests = slices.Clone(l.requests)
	log := make(map[LogKey]Attempt, len(l.log)+1)
	for k, v := range l.log {
		log[k] = v
	}
	l.log = log
	return l
}

// key tells lives apart by what may matter later: moments by how long ago they were.
func (l life) key() string {
	r := l.Record
	for _, at := range []*Millis{
		&r.UnknownSince, &r.LookAgainAt, &r.UnansweredAt, &r.RefusedSince, &r.RegisteredAt, &r.RenewedAt, &r.UpdatedAt, &r.EnqueuedAt,
		&r.FirstSentAt, &r.LastSentAt, &r.FirstFailedAt, &r.LeaseUntil, &r.RequestUntil, &r.ConfirmAt, (*Millis)(&r.AbsentSince),
	} {
		if *at != 0 {
			*at = max(l.now-*at, -25*hour) + 1
		}
	}
	r.UpdatedAt = 0
	deletion := ""
	if r.Deletion != nil {
		deletion = fmt.Sprint(r.Deletion.SentAt != 0, r.Deletion.Unknown)
	}
	canceled := r.Cancel != nil
	r.Deletion, r.Cancel, r.Message = nil, nil, ""
	requests := slices.Clone(l.requests)
	for i := range requests {
		requests[i].begun -= l.now
	}
	return fmt.Sprint(r, deletion, canceled, requests, l.absent[0]-l.now, l.absent[1]-l.now, l.hidden-l.now, l.over)
}

func (l *life) snapshot(key LogKey) Snapshot {
	s := Snapshot{Record: l.Record.clone(), Now: l.now}
	if entry, found := l.log[key]; found {
		s.Entry = &entry
	}
	return s
}

func (l *life) next() string { return fmt.Sprint("t", l.Generation+1) }

// cause is what kind of event a change is of.
type cause int

const (
	byWorker cause = iota
	byPerson
	byProof // that a HaVIP exists, or does not
)

// apply commits a change, and checks it.
func (l *life) apply(by cause, c Change) {
	before := l.Record
	if c.Record != nil {
		l.Record = c.Record.clone()
	}
	for _, entry := range c.Log {
		l.log[LogKey{entry.Op, entry.Number}] = entry
	}
	for _, key := range c.Dropped {
		delete(l.log, key)
	}
	now := l.Record
	renewed := now.Generation != before.Generation
	switch {
	case now.State != before.State && !c.Moved:
		l.broken = "another state, and no step"
	case renewed && now.Generation != before.Generation+1, renewed != (now.ClientToken != before.ClientToken):
		l.broken = "the generation and the clientToken do not go together"
	case renewed && before.State == Sending:
		l.broken = "a token was given up while a request under it was in flight"
	case renewed && !before.State.Terminal() && !l.createdNothing(before.Generation, true):
		l.broken = "a token was given up that may have created something"
	case renewed && by == byPerson && !l.createdNothing(before.Generation, false):
		l.broken = "a person's retry gave up a token that may have created something"
	case renewed && before.State.Terminal() && by != byPerson && l.hiddenFor() < 10*minute:
		l.broken = "a HaVIP was given up that may be shown yet"
	case before.State.Terminal() && now.State != before.State && by == byWorker:
		l.broken = "a finished item was left without a proof or a person"
	case now.State != before.State && (now.State == Canceled || now.State == Rejected) && !l.createdNothing(now.Generation, false):
		l.broken = "an item ended without a HaVIP that may have created one"
	case now.State.Succeeded() && (now.HaVIPID == "" || now.Unknown):
		l.broken = "it exists, and where is not known"
	case now.Sends < before.Sends, now.Attempts < before.Attempts, now.Attempts > now.Sends:
		l.broken = "requests are not counted right"
	case now.Sends != len(l.requests) && now.State != Sending:
		l.broken = fmt.Sprint("it counts ", now.Sends, " requests of ", len(l.requests))
	case now.State == Deleting && (now.Deletion == nil || before.Unconfirmed()):
		l.broken = "it is deleted, and not confirmed or not asked for"
	}
}

func (l *life) hiddenFor() Millis {
	if l.hidden == 0 {
		return 0
	}
	return l.now - l.hidden
}

// createdNothing reports the proof that no request of the generation has created anything, or that what it created does
// not exist: none may have; or two listings, ten minutes apart, have not shown it, and for good its token is dead.
func (l *life) createdNothing(generation int, forGood bool) bool {
	first := l.first(generation)
	switch {
	case first == 0:
		return true
	case l.hiddenFor() >= 10*minute:
		return true
	case l.absent[0] == 0 || l.absent[1]-l.absent[0] < 10*minute:
		return false
	}
	return !forGood || l.now-first > 20*hour
}

// first is when the first request of the generation was begun that may have created something; 0 for none.
func (l *life) first(generation int) Millis {
	for _, r := range l.requests {
		if r.generation == generation && r.mayHaveCreated() {
			return r.begun
		}
	}
	return 0
}

// turn is one thing that may happen.
type turn struct {
	name string
	do   func(l *life)
}

var turns = []turn{
	{"begin", func(l *life) { l.begin(false, false) }},
	{"begin, the attempt was watched", func(l *life) { l.begin(true, false) }},
	{"answer: created", func(l *life) { l.answer(0, outcomeCreated("")) }},
	{"answer: unknown", func(l *life) { l.answer(0, outcomeUnknown) }},
	{"answer: rejected", func(l *life) { l.answer(0, outcomeRejected) }},
	{"answer: throttled", func(l *life) { l.answer(0, outcomeThrottled) }},
	{"answer: not sent", func(l *life) { l.answer(0, outcomeNotSent) }},
	{"answer to the one before: created", func(l *life) { l.answer(1, outcomeCreated("")) }},
	{"answer to the one before: unknown", func(l *life) { l.answer(1, outcomeUnknown) }},
	{"answer to the one before: throttled", func(l *life) { l.answer(1, outcomeThrottled) }},
	{"its worker was found dead", func(l *life) { l.release(9 * time.Second) }},
	{"its worker was silent for an hour", func(l *life) { l.release(time.Hour) }},
	{"listed", func(l *life) { l.look(1) }},
	{"not listed", func(l *life) { l.look(0) }},
	{"two candidates are listed", func(l *life) { l.look(2) }},
	{"shown", func(l *life) { l.confirm(&ListedHaVIP{Address: "10.0.0.1"}) }},
	{"shown, older", func(l *life) {
		waited := l.Unconfirmed()
		l.confirm(&ListedHaVIP{Address: "10.0.0.1", Age: l.now.since(l.first(l.Generation)) + 10*time.Second})
		if waited && l.State == Created && !l.Unconfirmed() {
			l.broken = "somebody else's HaVIP passes for created"
		}
	}},
	{"not shown", func(l *life) { l.confirm(nil) }},
	{"cancel", func(l *life) { _, c := Cancel(l.snapshot(LogKey{}), "reason"); l.apply(byPerson, c) }},
	{"retry", func(l *life) {
		_, c := Retry(l.snapshot(l.OpenEntry()), l.Record, l.next())
		l.apply(byPerson, c)
	}},
	{"rollback", func(l *life) { _, c := Rollback(l.snapshot(LogKey{}), l.HaVIPID, "reason"); l.apply(byPerson, c) }},
	{"delete: deleted", func(l *life) { l.remove(DeletionOutcome{State: Deleted, Class: "deleted"}) }},
	{"delete: unknown", func(l *life) { l.remove(DeletionOutcome{State: Deleting, Class: "unknown", Unknown: true}) }},
	{"delete: refused", func(l *life) { l.remove(DeletionOutcome{State: Created, Class: "refused"}) }},
	{"a minute passes", func(l *life) { l.now += 61 * second }},
	{"eleven minutes pass", func(l *life) { l.now += 11 * minute }},
	{"21 hours pass", func(l *life) { l.now += 21 * hour }},
}

// begin is what a worker does with the item's task, until a request is begun or something is to be looked at. LookedUp
// says that the item was idle and is not listed.
func (l *life) begin(watched, lookedUp bool) {
	o := terms
	o.LookedUp = lookedUp
	o.Worker, o.Ticket = "w", fmt.Sprint("k", len(l.requests)+1)
	if l.over = l.over || watched; watched {
		o.Watched = Watched{l.Ticket, time.Hour}
	}
	unknown := l.Unknown || l.State == Sending
	wasSending, first := l.State == Sending, l.first(l.Generation)
	todo, _, c := Begin(l.snapshot(l.OpenEntry()), o)
	switch {
	case todo == StartSend && wasSending && !l.over:
		l.broken = "two requests are under way at once"
		return
	case todo == StartSend && first != 0 && l.now-first > 24*hour:
		l.broken = "a dead token is sent"
		return
	case todo == StartSend:
		l.requests = append(l.requests, request{generation: l.Generation, ticket: o.Ticket, begun: l.now, afterUnknown: unknown})
		l.absent, l.over = [2]Millis{}, false
	}
	l.apply(byWorker, c)
	if todo == StartStale || todo == StartTokenUsed {
		_, c := Renew(l.snapshot(LogKey{}), l.Record, l.next(), "why")
		l.apply(byWorker, c)
	}
	if todo == StartExhausted {
		_, c := Settle(l.snapshot(l.OpenEntry()), Rejected, "RetriesExhausted", "")
		l.apply(byWorker, c)
	}
}

// release is what another worker does that has known the item's to be silent for so long. A request takes 16 seconds.
func (l *life) release(silent time.Duration) {
	done, _, c := Release(l.snapshot(LogKey{}), "w", silent)
	l.over = l.over || done == ReleasedApplied && silent > 16*time.Second
	l.apply(byWorker, c)
}

// answer is the outcome of the last request, or of the one so many before it, if nobody has heard it.
func (l *life) answer(before int, o Outcome) {
	n := len(l.requests) - before
	if n < 1 || l.requests[n-1].answer != "" {
		return
	}
	r := &l.requests[n-1]
	if o.Class == "rejected" && r.afterUnknown {
		o = outcomeMismatch
	}
	if o.HaVIPID = ""; o.State == Created {
		o.HaVIPID = fmt.Sprint("havip-", r.generation)
	}
	r.answer, r.late = o.Class, before > 0
	if r.mayHaveCreated() {
		l.absent = [2]Millis{}
	}
	o.Ticket, o.Generation = r.ticket, r.generation
	_, c := RecordOutcome(l.snapshot(LogKey{"", n}), n, o)
	by := byWorker
	if o.State == Created {
		by = byProof
	}
	l.apply(by, c)
	if r := l.Record; l.broken == "" && r.State == Waiting && !r.Unknown && r.Refusals >= 2 && r.RenewedFor != r.Code {
		_, c := Renew(l.snapshot(LogKey{}), r, l.next(), "refused alike")
		l.apply(byWorker, c)
	}
}

// look is a lookup that finds so many HaVIPs, if the item waits for one.
func (l *life) look(found int) {
	o := terms
	o.NotYet, o.Ticket = true, "look"
	todo, _, _ := Begin(l.snapshot(l.OpenEntry()), o)
	wanted := todo == StartLookup && l.now >= l.LastSentAt+minute && l.now >= l.LookAgainAt
	switch {
	case l.State == Sending || !wanted && todo != StartIdle:
	case found == 2:
		_, c := Settle(l.snapshot(l.OpenEntry()), Review, "Candidates", "")
		l.apply(byWorker, c)
	case found == 1:
		_, c := Adopt(l.snapshot(LogKey{}), l.Record, fmt.Sprint("havip-", l.Generation), "10.0.0.1")
		l.apply(byProof, c)
	case todo == StartIdle:
		l.begin(false, true)
	default:
		if l.absent[1] = l.now; l.absent[0] == 0 {
			l.absent[0] = l.now
		}
		_, _, c := RecordAbsence(l.snapshot(LogKey{}), l.Record, AbsenceTerms{
			ListedAt: Uptime(l.now), Next: l.next(), TokenMaxAge: terms.TokenMaxAge, ConfirmWithin: 10 * time.Minute, Refused: l.Class == "mismatch",
		})
		l.apply(byProof, c)
	}
}

// confirm is what BCE shows of the HaVIP that it answered with.
func (l *life) confirm(shown *ListedHaVIP) {
	if !l.Unconfirmed() {
		return
	}
	switch {
	case shown != nil:
		l.hidden = 0
	case l.hidden == 0:
		l.hidden = l.now
	}
	result, c := Confirm(l.snapshot(LogKey{}), Look{
		HaVIPID: l.HaVIPID, Shown: shown, ListedAt: Uptime(l.now), Next: l.next(), ConfirmWithin: 10 * time.Minute,
	})
	l.apply(byProof, c)
	if result == ConfirmationRenewed {
		l.hidden = 0
	}
}

// remove is a try to delete, and its outcome.
func (l *life) remove(o DeletionOutcome) {
	if l.State != Deleting {
		return
	}
	terms := deletionTerms
	terms.Ticket = fmt.Sprint("d", l.Deletes+1)
	_, _, c := BeginDeletion(l.snapshot(LogKey{}), terms)
	l.apply(byWorker, c)
	o.Ticket, o.Generation = terms.Ticket, l.Generation
	_, c = RecordDeletion(l.snapshot(LogKey{OpDelete, l.Deletes}), l.Deletes, o)
	l.apply(byProof, c)
}
