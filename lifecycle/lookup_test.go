package lifecycle

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAdopt(t *testing.T) {
	t.Parallel()
	seen := unknown()
	for _, test := range []struct {
		name   string
		record Record
		want   Found
	}{
		{"unknown", unknown(), FoundApplied},
		{"canceled meanwhile", unknown(func(r *Record) { r.Cancel = &Cancellation{} }), FoundApplied},
		{"known meanwhile", unknown(func(r *Record) { r.Unknown = false }), FoundLate},
		{"sent meanwhile", unknown(func(r *Record) { r.Sends = 2 }), FoundLate},
		{"in flight", sending(), FoundLate},
		{"another token", unknown(func(r *Record) { r.ClientToken = "t2" }), FoundForeign},
		{"a later item of its name", unknown(func(r *Record) { r.ForgottenGeneration = 3 }), FoundForeign},
		{"created meanwhile", created(), FoundFinished},
		{"deleting", created(func(r *Record) { r.State = Deleting }), FoundFinished},
	} {
		s := Snapshot{Record: test.record, Now: start + hour}
		got, c := Adopt(s, seen, "havip-1", "10.0.0.1")
		r := after(s, c)
		if got != test.want || (got == FoundApplied) != (r.State == Adopted && r.HaVIPID == "havip-1" && !r.Unknown && r.Cancel == nil) {
			t.Errorf("%s: %s, %+v", test.name, got, r)
		}
	}
}

func TestRenew(t *testing.T) {
	t.Parallel()
	seen := registered(func(r *Record) { r.State, r.Sends, r.Code, r.Refusals, r.FirstSentAt = Waiting, 3, "Busy", 3, start })
	for _, test := range []struct {
		name   string
		change func(*Record)
		want   Found
		state  State
	}{
		{"waiting", func(*Record) {}, FoundApplied, Queued},
		{"a person wants it canceled", func(r *Record) { r.Cancel = &Cancellation{} }, FoundCanceled, Canceled},
		{"renewed already", func(r *Record) { r.ClientToken = "t2" }, FoundSame, Waiting},
		{"another token", func(r *Record) { r.ClientToken = "t3" }, FoundForeign, Waiting},
		{"sent meanwhile", func(r *Record) { r.Sends = 4 }, FoundLate, Waiting},
		{"in flight", func(r *Record) { r.State = Sending }, FoundLate, Sending},
		{"of unknown outcome", func(r *Record) { r.Unknown = true }, FoundLate, Waiting},
		{"canceled", func(r *Record) { r.State = Canceled }, FoundFinished, Canceled},
	} {
		r := seen
		test.change(&r)
		s := Snapshot{Record: r, Now: start + hour}
		got, c := Renew(s, seen, "t2", "why")
		now := after(s, c)
		if got != test.want || now.State != test.state {
			t.Errorf("%s: %s, %s", test.name, got, now.State)
		}
		if got == FoundApplied && (now.Generation != 2 || now.ClientToken != "t2" || now.RenewedFor != "Busy" || now.FirstSentAt != 0 || now.RenewedAt != start+hour || now.Refusals != 0) {
			t.Errorf("%s: %+v", test.name, now)
		}
	}
}

// A ledger that was restored does not know of what was created since, and a listing may not show it yet.
func TestRenewRefused(t *testing.T) {
	t.Parallel()
	s := Snapshot{Record: registered(func(r *Record) { r.State, r.Sends, r.Code, r.Refusals = Waiting, 3, "Busy", 3 }), Now: start + hour}
	for _, test := range []struct {
		listed Millis
		want   Found
	}{
		{start + hour, FoundAgain}, {start + hour + 10*minute - 1, FoundAgain}, {start + hour + 10*minute, FoundApplied},
	} {
		s.Now = test.listed
		got, wait, c := RenewRefused(s, s.Record, absence(test.listed), "why")
		if s.Record = after(s, c); got != test.want || (got == FoundAgain) != (wait > 0) || (got == FoundApplied) != (s.Record.ClientToken == "t2") {
			t.Errorf("%s after %s, %+v", got, wait, s.Record)
		}
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		record Record
		to     State
		want   Settled
	}{
		{"exhausted", registered(), Rejected, SettledApplied},
		{"rejected while unknown", unknown(), Rejected, SettledLate},
		{"for a person", unknown(), Review, SettledApplied},
		{"in flight", sending(), Review, SettledBusy},
		{"in flight, whatever the clock says", sending(func(r *Record) { r.LeaseUntil = start }), Review, SettledBusy},
		{"released", sending(func(r *Record) { r.LeaseUntil = 0 }), Review, SettledApplied},
		{"rejected when it was released", sending(func(r *Record) { r.LeaseUntil = 0 }), Rejected, SettledLate},
		{"created", created(), Review, SettledFinished},
	} {
		s := Snapshot{Record: test.record, Now: start + 2*second, Entry: openEntry()}
		got, c := Settle(s, test.to, "Code", "message")
		r := after(s, c)
		if got != test.want || (got == SettledApplied) != (r.State == test.to && r.Code == "Code") {
			t.Errorf("%s: %s, %+v", test.name, got, r)
		}
		if was := test.record; got == SettledApplied && (was.Unknown || was.State == Sending) && !r.Unknown {
			t.Errorf("%s: that an outcome is unknown was lost", test.name)
		}
	}
}

// absence are the terms of a lookup that found nothing whose listing began just now.
func absence(now Millis, change ...func(*AbsenceTerms)) AbsenceTerms {
	o := AbsenceTerms{ListedAt: Uptime(now), Next: "t2", TokenMaxAge: 20 * time.Hour, ConfirmWithin: 10 * time.Minute}
	for _, f := range change {
		f(&o)
	}
	return o
}

// A valid token is sent again whatever a listing shows.
func TestAbsenceWhileTheTokenLives(t *testing.T) {
	t.Parallel()
	r := unknown(func(r *Record) { r.Lookup = true })
	for now := start + minute; now < start+hour; now += minute {
		s := Snapshot{Record: r, Now: now}
		got, _, c := RecordAbsence(s, r, absence(now))
		r = after(s, c)
		if got != AbsenceResend || r.Lookup || !r.Unknown || r.Generation != 1 {
			t.Fatalf("after %d minutes: %s, %+v", (now-start)/minute, got, r)
		}
		r.Lookup = true
	}
}

// A dead token is renewed when two listings do not show the HaVIP, the second after the confirmation time: the token's
// age depends on a clock that may have stepped.
func TestAbsenceOfADeadToken(t *testing.T) {
	t.Parallel()
	dead := start + 21*hour
	s := Snapshot{Record: unknown(), Now: dead}
	got, wait, c := RecordAbsence(s, s.Record, absence(dead))
	s.Record = after(s, c)
	if got != AbsenceAgain || wait != 10*time.Minute || s.Record.AbsentSince != Uptime(dead) {
		t.Fatalf("%s after %s, %+v", got, wait, s.Record)
	}
	for _, test := range []struct {
		name   string
		listed Millis
		want   Absence
	}{
		{"a listing that began too early", dead + 10*minute - 1, AbsenceAgain},
		{"a second one", dead + 10*minute, AbsenceRenewed},
	} {
		s.Now = dead + 15*minute
		got, wait, c := RecordAbsence(s, s.Record, absence(test.listed))
		r := after(s, c)
		if got != test.want || (got == AbsenceAgain) != (wait >= time.Second) || (got == AbsenceRenewed) != (r.ClientToken == "t2" && r.Generation == 2 && !r.Unknown && r.State == Queued) {
			t.Errorf("%s: %s after %s, %+v", test.name, got, wait, r)
		}
	}
}

// A token that may have been used before the batch was deleted is never sent again.
func TestAbsenceOfAUsedToken(t *testing.T) {
	t.Parallel()
	now := start + minute
	s := Snapshot{Record: unknown(func(r *Record) { r.TokenUsed = true }), Now: now}
	for _, want := range []Absence{AbsenceAgain, AbsenceRenewed} {
		got, _, c := RecordAbsence(s, s.Record, absence(now))
		if s.Record = after(s, c); got != want {
			t.Fatalf("%s; want %s", got, want)
		}
		now += 10 * minute
	}
	if start, _, _ := Begin(Snapshot{Record: s.Record, Now: now}, BeginTerms{Ticket: "k1", Lease: 30 * time.Second}); start != StartSend || s.Record.ClientToken != "t2" {
		t.Errorf("%s under %s", start, s.Record.ClientToken)
	}
}

// A cancel waits for as long as BCE may take to show what the last request created.
func TestAbsenceOfACanceledItem(t *testing.T) {
	t.Parallel()
	r := unknown(func(r *Record) { r.Lookup, r.Cancel = true, &Cancellation{Reason: "wrong subnet"} })
	var waited []time.Duration
	for now := start + minute; r.State != Canceled; {
		s := Snapshot{Record: r, Now: now}
		got, wait, c := RecordAbsence(s, r, absence(now))
		r = after(s, c)
		if got == AbsenceCanceled {
			if now < start+second+10*minute || r.Message != "wrong subnet" || r.Unknown {
				t.Errorf("canceled after %d ms: %+v", now-start, r)
			}
			continue
		}
		if got != AbsenceAgain || len(waited) > 3 {
			t.Fatalf("%s after %v", got, waited)
		}
		waited = append(waited, wait)
		now = now.add(wait)
	}
	if diff := cmp.Diff([]time.Duration{10 * time.Minute}, waited); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
}

// An item that BCE refuses after a request that was not answered is sent again until that request cannot show
// any more what it created. It is rejected then.
func TestAbsenceOfARefusedItem(t *testing.T) {
	t.Parallel()
	r := unknown()
	for now := start + minute; ; now += minute {
		s := Snapshot{Record: r, Now: now}
		start1, _, begun := Begin(s, terms)
		if start1 != StartSend {
			t.Fatalf("%s at %d", start1, now-start)
		}
		s = Snapshot{Record: after(s, begun), Now: now, Entry: &begun.Log[0]}
		_, c := RecordOutcome(s, s.Record.Sends, outcomeMismatch)
		s = Snapshot{Record: after(s, c), Now: now + 30*second}
		got, _, c := RecordAbsence(s, s.Record, absence(s.Now, func(o *AbsenceTerms) { o.Refused = true }))
		r = after(s, c)
		switch {
		case got == AbsenceResend && now < start+15*minute:
			continue
		case got != AbsenceRejected || now < start+10*minute-minute || r.State != Rejected || r.Unknown || r.Code != "InUse" || r.Generation != 1:
			t.Errorf("%s after %d minutes, %+v", got, (now-start)/minute, r)
		}
		if action, _ := r.RetryAction(); action != RetryNewToken {
			t.Errorf("a retry of it is %s", action)
		}
		return
	}
}

func TestAbsenceOfAStaleRecord(t *testing.T) {
	t.Parallel()
	now := start + 21*hour
	for name, change := range map[string]func(*Record){
		"known meanwhile":          func(r *Record) { r.Unknown = false },
		"in flight":                func(r *Record) { r.State = Sending },
		"sent meanwhile":           func(r *Record) { r.Sends = 2 },
		"another token":            func(r *Record) { r.ClientToken = "t2" },
		"a later item of its name": func(r *Record) { r.ForgottenGeneration = 1 },
		"created":                  func(r *Record) { r.State = Created },
	} {
		r := unknown(change)
		if got, _, c := RecordAbsence(Snapshot{Record: r, Now: now}, unknown(), absence(now)); got != AbsenceLate || !c.Empty() {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// What another request may create starts the wait anew; a token that another program uses needs a person.
func TestAbsenceBeginsAnew(t *testing.T) {
	t.Parallel()
	r := unknown(func(r *Record) { r.AbsentSince, r.LookAgainAt = Uptime(start+minute), start+2*minute })
	s := Snapshot{Record: r, Now: start + hour}
	_, _, begun := Begin(s, terms)
	s = Snapshot{Record: after(s, begun), Now: start + hour, Entry: &begun.Log[0]}
	if s.Record.AbsentSince == 0 {
		t.Error("an answered request says nothing of the one before")
	}
	_, c := RecordOutcome(s, 2, outcomeUnknown)
	if r := after(s, c); r.AbsentSince != 0 || r.LookAgainAt != 0 || r.UnansweredAt != start+hour {
		t.Errorf("%+v", r)
	}
	taken := unknown(func(r *Record) { r.Code = "IdempotentParameterMismatch" })
	got, _, c := RecordAbsence(Snapshot{Record: taken, Now: start + hour}, taken, absence(start+hour, func(o *AbsenceTerms) { o.TokenTaken = true }))
	if r := after(Snapshot{}, c); got != AbsenceReview || r.State != Review || !r.Unknown || r.Message == "" {
		t.Errorf("%s: %+v", got, r)
	}
}
