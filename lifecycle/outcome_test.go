package lifecycle

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRecordOutcome(t *testing.T) {
	t.Parallel()
	canceling := func(r *Record) { r.Cancel = &Cancellation{Reason: "wrong subnet"} }
	tests := []struct {
		name    string
		record  Record
		entry   *Attempt
		n       int
		outcome Outcome
		want    Recorded
		state   State
		events  []string
	}{
		{"created", sending(), openEntry(), 1, outcomeCreated("havip-1"), RecordedApplied, Created, []string{"created"}},
		{"rejected", sending(), openEntry(), 1, outcomeRejected, RecordedApplied, Rejected, []string{"rejected"}},
		{"throttled", sending(), openEntry(), 1, outcomeThrottled, RecordedApplied, Waiting, nil},
		{"not sent", sending(), openEntry(), 1, outcomeNotSent, RecordedApplied, Queued, nil},
		{"unknown", sending(), openEntry(), 1, outcomeUnknown, RecordedApplied, Unknown, []string{"unknown"}},
		{"without an entry", sending(), nil, 1, outcomeCreated("havip-1"), RecordedApplied, Created, []string{"created"}},
		{"canceled, rejected", sending(canceling), openEntry(), 1, outcomeRejected, RecordedApplied, Canceled, []string{"canceled"}},
		{"canceled, throttled", sending(canceling), openEntry(), 1, outcomeThrottled, RecordedApplied, Canceled, []string{"canceled"}},
		{"canceled, created", sending(canceling), openEntry(), 1, outcomeCreated("havip-1"), RecordedApplied, Created, []string{"kept", "created"}},
		{"canceled, unknown", sending(canceling), openEntry(), 1, outcomeUnknown, RecordedApplied, Unknown, []string{"unknown"}},
		{"a proof after the lease", unknown(), &Attempt{Number: 1, Generation: 1, At: start + second, Class: classInterrupted}, 1, outcomeCreated("havip-1"), RecordedApplied, Created, []string{"created"}},
		{"a proof for a rejected item", sending(func(r *Record) { r.State = Rejected }), openEntry(), 1, outcomeCreated("havip-1"), RecordedApplied, Created, []string{"created"}},
		{"a proof of an earlier token", sending(func(r *Record) { r.Generation, r.Sends = 2, 2 }), openEntry(), 1, outcomeCreated("havip-1"), RecordedApplied, Created, []string{"doubtful", "created"}},
		{"the same proof again", created(), &Attempt{Number: 1, Class: "created"}, 1, outcomeCreated("havip-1"), RecordedSame, Created, nil},
		{"a second HaVIP", created(), openEntry(), 1, outcomeCreated("havip-2"), RecordedExtra, Created, []string{"extra"}},
		{"a second HaVIP, told before", created(func(r *Record) { r.Extras = []string{"havip-2"} }), openEntry(), 1, outcomeCreated("havip-2"), RecordedExtra, Created, nil},
		{"recorded before", sending(func(r *Record) { r.State = Waiting }), &Attempt{Number: 1, Class: "throttled"}, 1, outcomeThrottled, RecordedSame, Waiting, nil},
		{"another request of the number, unknown", registered(func(r *Record) { r.State, r.Sends, r.LastSentAt = Waiting, 1, start }), &Attempt{Number: 1, Class: "throttled"}, 1, outcomeUnknown, RecordedSame, Waiting, nil},
		{"a later request stands", sending(func(r *Record) { r.Sends = 2 }), openEntry(), 1, outcomeRejected, RecordedLate, Sending, nil},
		{"a later request stands, unknown", sending(func(r *Record) { r.Sends = 2 }), openEntry(), 1, outcomeUnknown, RecordedLate, Sending, nil},
		{"another ticket", sending(), openEntry(), 1, Outcome{Ticket: "other", State: Rejected, Class: "rejected"}, RecordedLate, Sending, nil},
		{"of a forgotten batch", sending(), openEntry(), 1, Outcome{Generation: 1, State: Created, HaVIPID: "havip-1"}, RecordedGone, Sending, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := Snapshot{Record: test.record, Now: start + 3*second, Entry: test.entry}
			if test.want == RecordedGone {
				s.Batch.Forgotten = 1
			}
			before := s.Record.clone()
			got, c := RecordOutcome(s, test.n, test.outcome)
			r := after(s, c)
			if got != test.want || r.State != test.state {
				t.Errorf("%s, %s; want %s, %s", got, r.State, test.want, test.state)
			}
			if diff := cmp.Diff(test.events, kinds(c)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, s.Record); diff != "" {
				t.Errorf("the snapshot was changed:\n%s", diff)
			}
			// An earlier token's proof leaves the outcome of a request under the present one unknown.
			doubtful := slices.Contains(test.events, "doubtful")
			if r.State.Succeeded() && (r.HaVIPID == "" || r.Unknown != doubtful || r.Cancel != nil) {
				t.Errorf("%+v", r)
			}
			if test.outcome.Unknown && got != RecordedGone && !r.Unknown {
				t.Error("that an outcome is unknown was lost")
			}
			_, again := RecordOutcome(Snapshot{Record: r, Now: s.Now, Entry: lastEntry(test.entry, c), Batch: s.Batch}, test.n, test.outcome)
			if again.Record != nil || len(again.Events) != 0 {
				t.Errorf("repeated, it changes something: %+v", again)
			}
		})
	}
}

// lastEntry is the entry of the log after the change.
func lastEntry(before *Attempt, c Change) *Attempt {
	if len(c.Log) == 0 {
		return before
	}
	return &c.Log[len(c.Log)-1]
}

// What counts as an attempt, and since when attempts fail.
func TestRecordOutcomeCounts(t *testing.T) {
	t.Parallel()
	failing := func(r *Record) { r.FirstFailedAt = start }
	for _, test := range []struct {
		name     string
		record   Record
		entry    *Attempt
		outcome  Outcome
		attempts int
		failed   Millis
	}{
		{"created", sending(), openEntry(), outcomeCreated("havip-1"), 1, 0},
		{"rejected", sending(), openEntry(), outcomeRejected, 1, start + 3*second},
		{"not sent, again", sending(failing), openEntry(), outcomeNotSent, 1, start},
		{"throttled: no failure goes on", sending(failing), openEntry(), outcomeThrottled, 0, 0},
		{"throttled while unknown", sending(failing, func(r *Record) { r.Unknown, r.UnknownSince = true, start }), openEntry(), outcomeThrottled, 0, start},
		{"interrupted before: counted already", unknown(), &Attempt{Number: 1, Generation: 1, At: start, Class: classInterrupted}, outcomeCreated("havip-1"), 1, start + 2*second},
	} {
		s := Snapshot{Record: test.record, Now: start + 3*second, Entry: test.entry}
		_, c := RecordOutcome(s, 1, test.outcome)
		if r := after(s, c); r.Attempts != test.attempts || r.FirstFailedAt != test.failed {
			t.Errorf("%s: %d attempts, failing since %d; want %d, %d", test.name, r.Attempts, r.FirstFailedAt, test.attempts, test.failed)
		}
	}
}

// Consecutive equal refusals count up; the first answered one ages the token.
func TestRecordOutcomeCountsRefusals(t *testing.T) {
	t.Parallel()
	r := registered()
	var got []int
	for i, code := range []string{"Busy", "Busy", "Other", "Other", "Other"} {
		now := start + Millis(i)*minute
		s := Snapshot{Record: r, Now: now}
		_, _, begun := Begin(s, terms)
		s = Snapshot{Record: after(s, begun), Now: now + second, Entry: &begun.Log[0]}
		o := outcomeThrottled
		o.Code = code
		_, c := RecordOutcome(s, i+1, o)
		r = after(s, c)
		got = append(got, r.Refusals)
	}
	if want := []int{1, 2, 1, 2, 3}; !slices.Equal(got, want) || r.RefusedSince != start {
		t.Errorf("%v since %d, want %v since the start", got, r.RefusedSince-start, want)
	}
}

// A late outcome of an earlier generation that is unknown has the item looked for.
func TestLateUnknownOfAnEarlierToken(t *testing.T) {
	t.Parallel()
	s := Snapshot{Record: registered(func(r *Record) { r.Generation, r.Sends, r.LastSentAt = 2, 1, start+second }), Now: start + hour, Entry: openEntry()}
	got, c := RecordOutcome(s, 1, outcomeUnknown)
	if r := after(s, c); got != RecordedLate || !r.Unknown || !r.Lookup || r.UnknownSince != start+second {
		t.Errorf("%s: %+v", got, r)
	}
}

// Of two requests of one number, because Redis forgot the first, the second was answered and the first not: what a
// listing has not shown until now, that one may still create.
func TestRepeatedUnanswered(t *testing.T) {
	t.Parallel()
	r := unknown(func(r *Record) {
		r.Class, r.UnansweredAt, r.AbsentSince, r.LastSentAt = "mismatch", 0, Uptime(start+5*minute), start+6*minute
	})
	s := Snapshot{Record: r, Now: start + 7*minute, Entry: &Attempt{Number: 1, Generation: 1, At: start + 6*minute, Class: "mismatch"}}
	got, c := RecordOutcome(s, 1, outcomeUnknown)
	if r := after(s, c); got != RecordedSame || r.UnansweredAt != start+6*minute || r.AbsentSince != 0 {
		t.Errorf("%s: %+v", got, r)
	}
}

// BCE refuses a request for its date before it looks at the token, which does not age by that.
func TestRefusalForTheDateAgesNoToken(t *testing.T) {
	t.Parallel()
	for unheard, want := range map[bool]Millis{true: 0, false: start + second} {
		o := Outcome{State: Waiting, Class: "lane-fault", Status: 400, Code: "Refused", Unheard: unheard, Ticket: "k0"}
		_, c := RecordOutcome(Snapshot{Record: sending(), Now: start + 2*second, Entry: openEntry()}, 1, o)
		if r := after(Snapshot{}, c); r.RefusedSince != want {
			t.Errorf("unheard %v: refused since %d, want %d", unheard, r.RefusedSince, want)
		}
	}
}
