package lifecycle

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The rules of Begin, in the order of their rank.
func TestBegin(t *testing.T) {
	t.Parallel()
	old := start + 21*hour // a token of the beginning may be dead by then
	tests := []struct {
		name   string
		record Record
		now    Millis
		paused bool
		terms  func(*BeginTerms)
		want   Start
	}{
		{"registered", registered(), start + second, false, nil, StartSend},
		{"another request", registered(), start, false, func(o *BeginTerms) { o.Fingerprint = "other" }, StartConflict},
		{"another token", registered(), start, false, func(o *BeginTerms) { o.ClientToken = "t2" }, StartForeign},
		{"its own token", registered(), start, false, func(o *BeginTerms) { o.ClientToken = "t1" }, StartSend},
		{"created", created(), start, false, nil, StartFinished},
		{"deleting", created(func(r *Record) { r.State = Deleting }), start, false, nil, StartDelete},
		{"in flight", sending(), start + 2*second, false, nil, StartBusy},
		{"in flight, whatever the clock says", sending(), start + 9*hour, false, nil, StartBusy},
		{"in flight, by a clock that was put back", sending(), start - 9*hour, false, nil, StartBusy},
		{"in flight, watched almost for its lease", sending(), start + 2*second, false, watched("k0", 30*time.Second-1), StartBusy},
		{"another attempt was watched", sending(), start + 2*second, false, watched("k9", time.Hour), StartBusy},
		{"its own attempt, after a lost reply", sending(func(r *Record) { r.Ticket = "k1" }), start + 2*second, false, nil, StartSend},
		{"watched for its lease", sending(), start + 2*second, false, watched("k0", 30*time.Second), StartSend},
		{"watched for its lease, by a clock that was put back", sending(func(r *Record) {
			r.LastSentAt, r.LeaseUntil = start+10*hour, start+10*hour+30*second
		}), start + second, false, watched("k0", 30*time.Second), StartLookup},
		{"released", sending(func(r *Record) { r.LeaseUntil = 0 }), start + 2*second, false, nil, StartSend},
		{"unknown", unknown(), start + minute, false, nil, StartSend},
		{"unknown, to be looked for", unknown(func(r *Record) { r.Lookup = true }), start + minute, false, nil, StartLookup},
		{"unknown, the token may be dead", unknown(), old, false, nil, StartLookup},
		{"unknown, the token may be dead by BCE's clock", unknown(), start + minute, false, func(o *BeginTerms) { o.ClockOffset = 21 * time.Hour }, StartLookup},
		{"unknown, since later than now", unknown(func(r *Record) { r.UnknownSince = start + hour }), start + minute, false, nil, StartLookup},
		{"unknown, a refusal before may be older by a clock that was put back", unknown(func(r *Record) { r.RefusedSince = start - 21*hour }), start + minute, false, nil, StartLookup},
		{"unknown, tokens live for ever", unknown(), old, false, func(o *BeginTerms) { o.TokenMaxAge = 0 }, StartSend},
		{"unknown in a paused batch", unknown(), start + minute, true, nil, StartSend},
		{"queued in a paused batch", registered(), start, true, nil, StartPaused},
		{"released, canceled meanwhile", sending(func(r *Record) { r.Cancel, r.LeaseUntil = &Cancellation{}, 0 }), start + minute, false, nil, StartLookup},
		{"idle", registered(), old, false, nil, StartIdle},
		{"idle, looked for", registered(), old, false, func(o *BeginTerms) { o.LookedUp = true }, StartSend},
		{"not idle, renewed since", registered(func(r *Record) { r.RenewedAt = old - hour }), old, false, nil, StartSend},
		{"spent", registered(func(r *Record) { r.TokenUsed = true }), start, false, nil, StartTokenUsed},
		{"spent, and unknown", unknown(func(r *Record) { r.TokenUsed = true }), start + minute, false, nil, StartLookup},
		{"failed for too long, unknown", unknown(func(r *Record) { r.FirstFailedAt = start - 40*hour }), start + minute, false, nil, StartSend},
		{"failed for too long, nothing unknown", registered(func(r *Record) {
			r.Sends, r.FirstFailedAt, r.LastSentAt = 9, start-40*hour, start
		}), start + minute, false, nil, StartExhausted},
		{"failed for too long, but nobody has tried for an hour", registered(func(r *Record) {
			r.Sends, r.FirstFailedAt, r.LastSentAt = 9, start-40*hour, start
		}), start + 2*hour, false, nil, StartSend},
		{"refused for as long as a token lives", registered(func(r *Record) {
			r.State, r.Sends, r.RefusedSince, r.LastSentAt = Waiting, 9, start, old-minute
		}), old, false, nil, StartIdle},
		{"refused for as long as a token lives, looked for", registered(func(r *Record) {
			r.State, r.Sends, r.RefusedSince, r.LastSentAt = Waiting, 9, start, old-minute
		}), old, false, func(o *BeginTerms) { o.LookedUp = true }, StartStale},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := terms
			if test.terms != nil {
				test.terms(&o)
			}
			s := Snapshot{Record: test.record, Now: test.now, Batch: Batch{Paused: test.paused}}
			before := s.Record.clone()
			got, wait, change := Begin(s, o)
			if got != test.want {
				t.Fatalf("%s, want %s", got, test.want)
			}
			if diff := cmp.Diff(before, s.Record); diff != "" {
				t.Errorf("the snapshot was changed (-before +after):\n%s", diff)
			}
			if (wait > 0) != (got == StartBusy) {
				t.Errorf("wait %s", wait)
			}
			if begun := after(s, change); got == StartSend && (begun.State != Sending || begun.Ticket != o.Ticket) {
				t.Errorf("begun: %+v", begun)
			}
			if sent := after(s, change).Sends - before.Sends; got != StartSend && sent != 0 {
				t.Errorf("%d sends were counted", sent)
			}
		})
	}
}

// What begin writes: the intent with its lease, its entry in the log, no event; only while not paused.
func TestBeginWrites(t *testing.T) {
	t.Parallel()
	o := terms
	o.ClockOffset = 3 * time.Second
	_, _, got := Begin(Snapshot{Record: registered(), Now: start + second}, o)
	want := Change{
		Record: &Record{
			State: Sending, Generation: 1, ClientToken: "t1", Fingerprint: "fp", RegisteredAt: start, EnqueuedAt: start,
			Sends: 1, FirstSentAt: start + second, LastSentAt: start + second, UpdatedAt: start + second,
			LeaseUntil: start + 31*second, RequestUntil: start + 17*second, Worker: "w1", Ticket: "k1", ClockOffset: 3 * second,
		},
		Moved: true, OnlyUnpaused: true,
		Log: []Attempt{{Number: 1, Generation: 1, At: start + second, ClockOffset: 3 * second, Worker: "w1", Class: classSending}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("change (-want +got):\n%s", diff)
	}
}

// An attempt that is over is interrupted: counted, unknown from its send on, and in the log unless its
// outcome is there.
func TestBeginInterrupts(t *testing.T) {
	t.Parallel()
	s := Snapshot{Record: sending(func(r *Record) { r.ClockOffset, r.LeaseUntil = 5*second, 0 }), Now: start + minute, Entry: openEntry()}
	_, _, c := Begin(s, terms)
	r := after(s, c)
	if !r.Unknown || r.UnknownSince != start+6*second || r.Attempts != 1 || r.Sends != 2 || r.FirstFailedAt != start+minute {
		t.Errorf("%+v", r)
	}
	if !slices.Equal(kinds(c), []string{"unknown"}) || len(c.Log) != 2 || c.Log[0].Class != classInterrupted || c.Log[0].At != start+second {
		t.Errorf("events %v, log %+v", kinds(c), c.Log)
	}
	s.Entry.Class = "throttled"
	if _, _, c := Begin(s, terms); len(c.Log) != 1 {
		t.Errorf("an entry with an outcome was written over: %+v", c.Log)
	}
	if _, _, c := Begin(s, terms); c.OnlyUnpaused {
		t.Error("an item of unknown outcome waits for its batch")
	}
}

// The log keeps the first twenty creates and the last eighty.
func TestBeginDropsFromTheLog(t *testing.T) {
	t.Parallel()
	for sends, want := range map[int][]LogKey{99: nil, 100: {{"", 21}}, 500: {{"", 421}}} {
		r := registered(func(r *Record) { r.Sends, r.LastSentAt = sends, start })
		_, _, c := Begin(Snapshot{Record: r, Now: start + second}, terms)
		if diff := cmp.Diff(want, c.Dropped); diff != "" {
			t.Errorf("after %d (-want +got):\n%s", sends, diff)
		}
		kept := after(Snapshot{}, c).LogKeys()
		if len(kept) != 100 || kept[19] != (LogKey{"", 20}) || kept[99] != (LogKey{"", sends + 1}) {
			t.Errorf("after %d it keeps %v", sends, kept)
		}
	}
}

// A moment of a clock that was put back does not reportNotCanceled the item waiting for that clock.
func TestBeginRepairsClocks(t *testing.T) {
	t.Parallel()
	s := Snapshot{Record: unknown(func(r *Record) {
		r.LastSentAt, r.AbsentSince, r.LookAgainAt, r.Lookup = start+10*hour, 5, start+10*hour+minute, true
	}), Now: start + minute}
	got, _, c := Begin(s, terms)
	if r := after(s, c); got != StartLookup || r.LastSentAt != start+minute || r.AbsentSince != 5 || r.LookAgainAt != start+minute {
		t.Errorf("%s, %+v", got, r)
	}
}

// watched are terms of a caller that has watched an attempt.
func watched(ticket string, d time.Duration) func(*BeginTerms) {
	return func(o *BeginTerms) { o.Watched = Watched{Ticket: ticket, For: d} }
}
