package lifecycle

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// unconfirmed is created by a request that was sent just after the start.
func unconfirmed(change ...func(*Record)) Record {
	r := created(change...)
	r.FirstSentAt, r.LastSentAt, r.ConfirmAt = start+second, start+second, start+2*second
	for _, f := range change {
		f(&r)
	}
	return r
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	const within = 10 * time.Minute
	shown := func(age time.Duration) *ListedHaVIP { return &ListedHaVIP{Address: "10.0.0.9", Age: age} }
	noAddress := func(r *Record) { r.PrivateIPAddress = "" }
	absent := func(r *Record) { r.AbsentSince = 1000 }
	for _, test := range []struct {
		name   string
		record Record
		at     Millis
		look   Look
		want   Confirmation
		state  State
		events []string
	}{
		{"as young as its request", unconfirmed(), start + 5*second, Look{Shown: shown(4 * time.Second)}, ConfirmationOwn, Created, []string{"address"}},
		{"dated in whole seconds", unconfirmed(), start + 5*second, Look{Shown: shown(6 * time.Second)}, ConfirmationOwn, Created, []string{"address"}},
		{"older than its request", unconfirmed(), start + 5*second, Look{Shown: shown(8 * time.Second)}, ConfirmationAdopted, Adopted, []string{"address", "adopted"}},
		{"a day older", unconfirmed(), start + 5*second, Look{Shown: shown(24 * time.Hour)}, ConfirmationAdopted, Adopted, []string{"address", "adopted"}},
		{"undated", unconfirmed(), start + 5*second, Look{Shown: &ListedHaVIP{Address: "10.0.0.1", Undated: true}}, ConfirmationAdopted, Adopted, []string{"adopted"}},
		{"the clock was put back", unconfirmed(), start, Look{Shown: shown(0)}, ConfirmationAdopted, Adopted, []string{"address", "adopted"}},
		{"the begin of its request was lost", unconfirmed(func(r *Record) { r.FirstSentAt = 0 }), start + minute, Look{Shown: shown(time.Minute)}, ConfirmationOwn, Created, []string{"address"}},
		{"with the address that is known", unconfirmed(), start + 5*second, Look{Shown: &ListedHaVIP{Address: "10.0.0.1"}}, ConfirmationOwn, Created, nil},
		{"without an address yet", unconfirmed(noAddress), start + 5*second, Look{Shown: &ListedHaVIP{}}, ConfirmationAgain, Created, nil},
		{"never with an address", unconfirmed(noAddress), start + 12*minute, Look{Shown: &ListedHaVIP{}}, ConfirmationOwn, Created, nil},
		{"without an address, and the clock was put back", unconfirmed(noAddress, func(r *Record) { r.LastSentAt = start + hour }), start, Look{Shown: &ListedHaVIP{}}, ConfirmationAgain, Created, nil},
		{"not shown", unconfirmed(), start + 5*second, Look{}, ConfirmationAgain, Created, nil},
		{"not shown twice, too early", unconfirmed(absent), start + 9*minute, Look{ListedAt: 1000 + 9*60_000}, ConfirmationAgain, Created, nil},
		{"not shown twice, and the clock stepped", unconfirmed(absent), start + 9*hour, Look{ListedAt: 1000 + 9*60_000}, ConfirmationAgain, Created, nil},
		{"not shown for long, but by one listing", unconfirmed(), start + 20*minute, Look{}, ConfirmationAgain, Created, nil},
		{"not shown twice", unconfirmed(absent), start + 12*minute, Look{ListedAt: 1000 + 10*60_000}, ConfirmationRenewed, Queued, []string{"renewed"}},
		{"not shown twice, and a request under the next token is unknown", unconfirmed(absent, func(r *Record) { r.Generation, r.Unknown = 2, true }), start + 12*minute, Look{ListedAt: 1000 + 10*60_000}, ConfirmationReopened, Unknown, []string{"unknown"}},
		{"shown, and a request under the next token is unknown", unconfirmed(func(r *Record) { r.Generation, r.Unknown = 2, true }), start + 5*second, Look{Shown: &ListedHaVIP{Address: "10.0.0.1"}}, ConfirmationOwn, Created, nil},
		{"not shown twice, and the time lived began anew", unconfirmed(absent), start + 12*minute, Look{ListedAt: 500}, ConfirmationAgain, Created, nil},
		{"confirmed before", created(), start + 5*second, Look{Shown: shown(24 * time.Hour)}, ConfirmationNone, Created, nil},
		{"another HaVIP", unconfirmed(), start + 5*second, Look{HaVIPID: "havip-9", Shown: shown(0)}, ConfirmationNone, Created, nil},
		{"being deleted", created(func(r *Record) { r.State, r.Deletion = Deleting, &Deletion{} }), start + 5*second, Look{}, ConfirmationNone, Deleting, nil},
		{"adopted, with its address", unconfirmed(noAddress, func(r *Record) { r.State = Adopted }), start + 5*second, Look{Shown: shown(24 * time.Hour)}, ConfirmationOwn, Adopted, []string{"address"}},
		{"adopted, and gone since", unconfirmed(noAddress, func(r *Record) { r.State = Adopted }), start + 5*second, Look{}, ConfirmationOwn, Adopted, nil},
	} {
		look := test.look
		look.Next, look.ConfirmWithin = "t2", within
		if look.HaVIPID == "" {
			look.HaVIPID = "havip-1"
		}
		s := Snapshot{Record: test.record, Now: test.at}
		got, c := Confirm(s, look)
		r := after(s, c)
		if got != test.want || r.State != test.state {
			t.Errorf("%s: %s, %s; want %s, %s", test.name, got, r.State, test.want, test.state)
		}
		if diff := cmp.Diff(test.events, kinds(c)); diff != "" {
			t.Errorf("%s: events (-want +got):\n%s", test.name, diff)
		}
		switch got {
		case ConfirmationOwn, ConfirmationAdopted:
			if !r.Finished() || !c.Moved || r.Unknown || r.FirstSentAt != 0 || got == ConfirmationAdopted && r.Message == "" {
				t.Errorf("%s: %+v", test.name, r)
			}
		case ConfirmationAgain:
			if wait := r.ConfirmAt - test.at; !r.Unconfirmed() || wait < second || wait > minute || r.FirstSentAt != test.record.FirstSentAt {
				t.Errorf("%s: again after %d ms, %+v", test.name, wait, r)
			}
		case ConfirmationRenewed:
			if r.ClientToken != "t2" || r.Generation != 2 || r.FirstSentAt != 0 || r.HaVIPID != "" || r.PrivateIPAddress != "" || r.EnqueuedAt != 0 || r.Unconfirmed() {
				t.Errorf("%s: %+v", test.name, r)
			}
		case ConfirmationReopened:
			if r.ClientToken != test.record.ClientToken || r.HaVIPID != "" || !r.Unknown || !r.Lookup || r.EnqueuedAt != 0 || r.Unconfirmed() {
				t.Errorf("%s: %+v", test.name, r)
			}
		case ConfirmationNone:
			if !c.Empty() {
				t.Errorf("%s: %+v", test.name, c)
			}
		}
	}
}

// What BCE does not show is asked for less and less often.
func TestConfirmBacksOff(t *testing.T) {
	t.Parallel()
	r, looks := unconfirmed(), 0
	for r.Unconfirmed() {
		s := Snapshot{Record: r, Now: r.ConfirmAt}
		_, c := Confirm(s, Look{HaVIPID: "havip-1", ListedAt: Uptime(r.ConfirmAt), Next: "t2", ConfirmWithin: 10 * time.Minute})
		r = after(s, c)
		looks++
	}
	if looks > 20 || r.UpdatedAt > start+12*minute {
		t.Errorf("%d looks until %d s after the request", looks, (r.UpdatedAt-start)/second)
	}
}

// The answer of a request that was cut off from Redis comes when its HaVIP was found not to exist: the item keeps to
// its next one.
func TestLateAnswerWithAHaVIPThatWasGivenUp(t *testing.T) {
	t.Parallel()
	s := Snapshot{Record: unconfirmed(func(r *Record) { r.AbsentSince = 1 }), Now: start + 12*minute}
	got, c := Confirm(s, Look{HaVIPID: "havip-1", ListedAt: 700_000, Next: "t2", ConfirmWithin: 10 * time.Minute})
	r := after(s, c)
	if got != ConfirmationRenewed {
		t.Fatal(got)
	}
	_, _, c = Begin(Snapshot{Record: r, Now: start + 13*minute}, BeginTerms{Ticket: "k2", Lease: 30 * time.Second})
	r = after(Snapshot{Record: r}, c)
	o := outcomeCreated("havip-1")
	o.Ticket, o.Generation = "k1", 1
	late, c := RecordOutcome(Snapshot{Record: r, Now: start + 14*minute, Entry: &Attempt{Number: 1, Generation: 1, Class: classInterrupted}}, 1, o)
	if r = after(Snapshot{Record: r}, c); late != RecordedLate || r.HaVIPID != "" || r.State != Sending {
		t.Errorf("%s: %s with %q", late, r.State, r.HaVIPID)
	}
}

// Redis forgot that the request was begun: what was created after the registration and before the request is not the item's.
func TestConfirmOfARequestThatRedisForgot(t *testing.T) {
	t.Parallel()
	const sentAgo, waited = 10 * time.Second, 5 * time.Second
	for age, want := range map[time.Duration]Confirmation{
		sentAgo + waited: ConfirmationOwn, sentAgo + waited + 4*time.Second: ConfirmationAdopted,
	} {
		s := Snapshot{Record: registered(), Now: start + hour}
		recorded, c := RecordOutcome(s, 1, Outcome{State: Created, Class: "created", Counted: true, HaVIPID: "havip-1", Generation: 1, SentAgo: sentAgo})
		if recorded != RecordedApplied {
			t.Fatal(recorded)
		}
		s.Record, s.Now = after(s, c), s.Now.add(waited)
		got, _ := Confirm(s, Look{HaVIPID: "havip-1", Shown: &ListedHaVIP{Address: "10.0.0.1", Age: age}})
		if got != want {
			t.Errorf("aged %v: %s, want %s", age, got, want)
		}
	}
}

// An item keeps the time at which its HaVIP was recorded, until it has none.
func TestCreatedAt(t *testing.T) {
	t.Parallel()
	at := start + 5*second
	_, c := RecordOutcome(Snapshot{Record: sending(), Now: at, Entry: openEntry()}, 1, outcomeCreated("havip-1"))
	rec := after(Snapshot{}, c)
	if rec.State != Created || rec.CreatedAt != at {
		t.Fatalf("%s at %d, want %d", rec.State, rec.CreatedAt, at)
	}
	for name, test := range map[string]struct {
		move []State
		want Millis
	}{
		"found to be another's":   {[]State{Adopted}, at},
		"to be deleted":           {[]State{Deleting}, at},
		"deleted":                 {[]State{Deleting, Deleted}, at},
		"not deleted after all":   {[]State{Deleting, Created}, at},
		"it does not exist":       {[]State{Queued}, 0},
		"outcome unknown":         {[]State{Unknown}, 0},
		"created after all":       {[]State{Unknown, Created}, at + minute},
		"adopted, after a lookup": {[]State{Queued, Sending, Unknown, Adopted}, at + minute},
	} {
		d := Snapshot{Record: rec, Now: at + minute}.draft()
		for _, state := range test.move {
			d.move(state, "")
		}
		if d.CreatedAt != test.want {
			t.Errorf("%s: %d, want %d", name, d.CreatedAt, test.want)
		}
	}
}
