package lifecycle

import (
	"testing"
	"time"
)

// A dead worker's item is released when the worker was silent for as long as its request may take, whatever the
// ledger's clock says.
func TestRelease(t *testing.T) {
	t.Parallel()
	const bound = 16 * time.Second
	between := created(func(r *Record) { r.State, r.Deletion = Deleting, &Deletion{} })
	tests := []struct {
		name   string
		record Record
		silent time.Duration
		want   Released
		wait   time.Duration
	}{
		{"in flight", sending(), time.Second, ReleasedEarly, bound - time.Second},
		{"in flight, almost silent for long enough", sending(), bound - 1, ReleasedEarly, 1},
		{"in flight, silent for long enough", sending(), bound, ReleasedApplied, 0},
		{"in flight, by a clock that was put back", sending(func(r *Record) {
			r.LastSentAt, r.RequestUntil = start+9*hour, start+9*hour+16*second
		}), bound, ReleasedApplied, 0},
		{"released before", sending(func(r *Record) { r.LeaseUntil = 0 }), 0, ReleasedApplied, 0},
		{"another worker's", sending(func(r *Record) { r.Worker = "w9" }), time.Hour, ReleasedBusy, 0},
		{"queued", registered(), 0, ReleasedApplied, 0},
		{"unknown", unknown(), 0, ReleasedApplied, 0},
		{"created", created(), time.Hour, ReleasedFinished, 0},
		{"created, not confirmed", created(func(r *Record) { r.ConfirmAt = start }), time.Hour, ReleasedFinished, 0},
		{"deleting, between tries", between, 0, ReleasedApplied, 0},
		{"deleting, in flight", trying(), time.Second, ReleasedEarly, bound - time.Second},
		{"deleting, silent for long enough", trying(), bound, ReleasedApplied, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, now := range []Millis{start - hour, start + 2*second, start + 9*hour} {
				s := Snapshot{Record: test.record, Now: now}
				got, wait, c := Release(s, "w0", test.silent)
				if got != test.want || wait != test.wait {
					t.Errorf("%s after %s, want %s after %s", got, wait, test.want, test.wait)
				}
				r := after(s, c)
				if ends := test.record.InFlight() && got == ReleasedApplied; ends != (r.InFlight() && r.LeaseUntil == 0) {
					t.Errorf("released: %+v", r)
				}
				if r.State != test.record.State {
					t.Errorf("what the request did was decided: %+v", r)
				}
			}
		})
	}
}

// A released item begins again, and the earlier attempt's outcome is unknown.
func TestBeginAfterRelease(t *testing.T) {
	t.Parallel()
	s := Snapshot{Record: sending(), Now: start + 2*second, Entry: openEntry()}
	_, _, c := Release(s, "w0", time.Minute)
	s.Record = after(s, c)
	if got, _, c := Begin(s, terms); got != StartSend || !after(s, c).Unknown || after(s, c).Attempts != 1 {
		t.Errorf("%s, %+v", got, after(s, c))
	}
	s = Snapshot{Record: trying(), Now: start + 2*minute, Entry: &Attempt{Number: 1, Op: OpDelete, Class: classSending}}
	_, _, c = Release(s, "w0", time.Minute)
	s.Record = after(s, c)
	if got, _, c := BeginDeletion(s, deletionTerms); got != StartSend || !after(s, c).Deletion.Unknown || c.Log[0].Class != classInterrupted {
		t.Errorf("%s, %+v", got, c)
	}
}
