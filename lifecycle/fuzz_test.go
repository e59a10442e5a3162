package lifecycle

import (
	"encoding/json"
	"testing"
	"time"
)

// Whatever stands in Redis: no record and no entry of a log makes a decision panic, and none is changed in
// place.
func FuzzAnyRecord(f *testing.F) {
	for _, r := range everyRecord() {
		text, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, []byte(`{"n":1,"class":"sending","at":1}`), int64(start), 1)
	}
	f.Add([]byte(`{"state":"deleting","deletes":-1,"leaseUntil":-5}`), []byte(`{}`), int64(0), -1)
	f.Add([]byte(`{"state":"created","extras":["x","x"],"sends":9223372036854775807,"deletes":9223372036854775807}`), []byte(`null`), int64(-1), 1<<40)
	f.Fuzz(func(t *testing.T, record, entry []byte, now int64, n int) {
		s := Snapshot{Now: Millis(now), Entry: new(Attempt)}
		if json.Unmarshal(record, &s.Record) != nil || json.Unmarshal(entry, s.Entry) != nil {
			return // no record: the ledger answers with an error
		}
		before, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		decideAll(s, n)
		if after, err := json.Marshal(s); err != nil || string(after) != string(before) {
			t.Errorf("the snapshot was changed: %s, %v", after, err)
		}
		if kept := len(s.Record.LogKeys()); kept > logFirst+logLast+logDeletions {
			t.Errorf("%d entries are kept", kept)
		}
	})
}

// decideAll makes each decision about the item.
func decideAll(s Snapshot, n int) {
	Begin(s, terms)
	BeginDeletion(s, deletionTerms)
	for _, o := range []Outcome{outcomeCreated("havip-1"), outcomeUnknown, outcomeMismatch, outcomeRejected, outcomeThrottled, outcomeNotSent} {
		RecordOutcome(s, n, o)
	}
	for _, state := range []State{Deleted, Deleting, Created} {
		RecordDeletion(s, n, DeletionOutcome{State: state, Unknown: state == Deleting})
	}
	Adopt(s, s.Record, "havip-1", "")
	Renew(s, s.Record, "t2", "why")
	RecordAbsence(s, s.Record, absence(s.Now))
	RecordAbsence(s, s.Record, absence(s.Now, func(o *AbsenceTerms) { o.Refused, o.TokenMaxAge = true, 0 }))
	Settle(s, Rejected, "Code", "message")
	Settle(s, Review, "Code", "message")
	Confirm(s, Look{HaVIPID: s.Record.HaVIPID, Shown: &ListedHaVIP{Age: time.Hour}, ConfirmWithin: time.Minute})
	Confirm(s, Look{HaVIPID: s.Record.HaVIPID, Next: "t2", ConfirmWithin: time.Minute})
	Release(s, s.Record.Worker, time.Minute)
	Cancel(s, "reason")
	Retry(s, s.Record, "t2")
	Rollback(s, s.Record.HaVIPID, "reason")
	Resolve(s, s.Record, "havip-1")
	Resolve(s, s.Record, "")
}
