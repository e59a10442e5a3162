package lifecycle

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var deletionTerms = DeletionTerms{Worker: "w1", Ticket: "k1", Lease: 30 * time.Second, Request: 16 * time.Second}

// deleting is an item whose HaVIP is to be deleted; trying is one of which a delete is in flight.
func deleting(change ...func(*Record)) Record {
	return created(append([]func(*Record){func(r *Record) {
		r.State, r.Deletion = Deleting, &Deletion{At: start + minute}
	}}, change...)...)
}

func trying(change ...func(*Record)) Record {
	return deleting(append([]func(*Record){func(r *Record) {
		r.Deletes, r.Worker, r.Ticket = 1, "w0", "k0"
		r.Deletion.SentAt, r.LeaseUntil, r.RequestUntil = start+minute, start+minute+30*second, start+minute+16*second
	}}, change...)...)
}

func TestBeginDeletion(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		record Record
		now    Millis
		seen   time.Duration
		want   Start
		tries  int
	}{
		{"to be deleted", deleting(), start + minute, 0, StartSend, 1},
		{"not to be deleted", created(), start + minute, 0, StartFinished, 0},
		{"in flight", trying(), start + minute + second, 0, StartBusy, 1},
		{"in flight, whatever the clock says", trying(), start + 9*hour, 0, StartBusy, 1},
		{"in flight, by a clock that was put back", trying(), start - 9*hour, 0, StartBusy, 1},
		{"its own, after a lost reply", trying(func(r *Record) { r.Ticket = "k1" }), start + minute + second, 0, StartSend, 1},
		{"watched almost for its lease", trying(), start + 2*minute, 30*time.Second - 1, StartBusy, 1},
		{"watched for its lease", trying(), start + minute, 30 * time.Second, StartSend, 2},
		{"released", trying(func(r *Record) { r.LeaseUntil = 0 }), start + minute, 0, StartSend, 2},
	} {
		s := Snapshot{Record: test.record, Now: test.now}
		before := s.Record.clone()
		o := deletionTerms
		o.Watched = Watched{Ticket: "k0", For: test.seen}
		got, wait, c := BeginDeletion(s, o)
		r := after(s, c)
		if got != test.want || r.Deletes != test.tries || (wait > 0) != (got == StartBusy) {
			t.Errorf("%s: %s after %s, %+v", test.name, got, wait, r)
		}
		if test.tries == 2 && (!r.Deletion.Unknown || len(c.Log) != 2 || c.Log[0].Class != classInterrupted) {
			t.Errorf("%s: the try before: %+v, %+v", test.name, r.Deletion, c.Log)
		}
		if diff := cmp.Diff(before, s.Record); diff != "" {
			t.Errorf("%s: the snapshot was changed:\n%s", test.name, diff)
		}
	}
	_, _, c := BeginDeletion(Snapshot{Record: deleting(func(r *Record) { r.Deletes = 20 }), Now: start}, deletionTerms)
	if diff := cmp.Diff([]LogKey{{OpDelete, 1}}, c.Dropped); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
}

func TestRecordDeletion(t *testing.T) {
	t.Parallel()
	open := &Attempt{Number: 1, Op: OpDelete, Generation: 1, At: start + minute, Class: classSending}
	closed := &Attempt{Number: 1, Op: OpDelete, Class: "unknown"}
	deleted := DeletionOutcome{Ticket: "k0", State: Deleted, Class: "deleted"}
	lost := DeletionOutcome{Ticket: "k0", State: Deleting, Class: "unknown", Unknown: true}
	refused := DeletionOutcome{Ticket: "k0", State: Created, Class: "refused", Message: "bound"}
	for _, test := range []struct {
		name    string
		record  Record
		entry   *Attempt
		outcome DeletionOutcome
		want    Recorded
		state   State
	}{
		{"deleted", trying(), open, deleted, RecordedApplied, Deleted},
		{"refused", trying(), open, refused, RecordedApplied, Created},
		{"lost", trying(), open, lost, RecordedApplied, Deleting},
		{"deleted, heard late", trying(func(r *Record) { r.Deletes, r.Ticket = 2, "k9" }), closed, deleted, RecordedApplied, Deleted},
		{"deleted, when it was thought to be refused", created(func(r *Record) { r.Deletes, r.PrivateIPAddress = 1, "" }), closed, deleted, RecordedApplied, Deleted},
		{"refused before", created(func(r *Record) { r.Deletes = 1 }), open, refused, RecordedLate, Created},
		{"recorded before", trying(), closed, lost, RecordedSame, Deleting},
		{"known to be deleted", created(func(r *Record) { r.State = Deleted }), open, refused, RecordedSame, Deleted},
		{"a later try stands", trying(func(r *Record) { r.Deletes = 2 }), open, refused, RecordedLate, Deleting},
		{"a later try stands, lost", trying(func(r *Record) { r.Deletes = 2 }), open, lost, RecordedLate, Deleting},
		{"of a forgotten batch", trying(), open, DeletionOutcome{Generation: 1, State: Deleted}, RecordedGone, Deleting},
	} {
		s := Snapshot{Record: test.record, Now: start + 2*minute, Entry: test.entry}
		if test.want == RecordedGone {
			s.Batch.Forgotten = 1
		}
		got, c := RecordDeletion(s, 1, test.outcome)
		r := after(s, c)
		if got != test.want || r.State != test.state {
			t.Errorf("%s: %s, %s; want %s, %s", test.name, got, r.State, test.want, test.state)
		}
		if test.outcome.Unknown && r.State == Deleting && got != RecordedSame && !r.Deletion.Unknown {
			t.Errorf("%s: that an outcome is unknown was lost", test.name)
		}
		if (r.Deletion != nil) != (r.State == Deleting) || r.Unconfirmed() {
			t.Errorf("%s: %+v", test.name, r)
		}
	}
	s := Snapshot{Record: trying(func(r *Record) { r.PrivateIPAddress = "" }), Now: start + 2*minute, Entry: open}
	o := refused
	o.PrivateIPAddress = "10.0.0.7"
	if _, c := RecordDeletion(s, 1, o); after(s, c).PrivateIPAddress != "10.0.0.7" {
		t.Error("an address that was learned by the way is lost")
	}
}
