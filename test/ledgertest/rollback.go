package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

// created registers items, each with a HaVIP of its own.
func (f *ledgerFixture) created(t *testing.T, keys ...string) {
	t.Helper()
	f.register(t, keys...)
	f.sent(t, createdOutcome, keys...)
}

func (f *ledgerFixture) rollback(t *testing.T, keys ...string) []lifecycle.Commanded {
	t.Helper()
	items := make([]ledger.Item, len(keys))
	for i, key := range keys {
		items[i] = ledger.Item{Batch: batch, Spec: spec(key), Record: ledger.Record{HaVIPID: "havip-1-" + key}}
	}
	answers, err := f.Rollback(t.Context(), batch, "wrong VPC", items)
	if err != nil {
		t.Fatal(err)
	}
	results := make([]lifecycle.Commanded, len(answers))
	for i, answer := range answers {
		results[i] = answer.Result
	}
	return results
}

func (f *ledgerFixture) beginDeletion(t *testing.T, key, ticket string, want lifecycle.Start) ledger.Start {
	t.Helper()
	return f.beginDeletionAfter(t, key, ticket, ledger.Watched{}, want)
}

// beginDeletionAfter is by a worker that has watched the try in flight.
func (f *ledgerFixture) beginDeletionAfter(t *testing.T, key, ticket string, watched ledger.Watched, want lifecycle.Start) ledger.Start {
	t.Helper()
	start, err := f.BeginDeletion(t.Context(), batch, key, ledger.DeletionOptions{
		Worker: "w1", Ticket: ticket, Lease: lease, Request: call, Watched: watched,
	})
	if err != nil || start.Result != want {
		t.Fatalf("begin deletion of %s: %s, %v, want %s", key, start.Result, err, want)
	}
	return start
}

func (f *ledgerFixture) endDeletion(t *testing.T, key string, n int, o ledger.DeletionOutcome, want lifecycle.Recorded) ledger.Record {
	t.Helper()
	result, rec, err := f.EndDeletion(t.Context(), batch, key, n, o)
	if err != nil || result != want {
		t.Fatalf("end deletion %d of %s: %s, %v, want %s", n, key, result, err, want)
	}
	return rec
}

// deleted has items created and their HaVIPs deleted again.
func (f *ledgerFixture) deleted(t *testing.T, keys ...string) {
	t.Helper()
	f.created(t, keys...)
	f.rollback(t, keys...)
	for _, key := range keys {
		f.beginDeletion(t, key, "d-"+key, lifecycle.StartSend)
		f.endDeletion(t, key, 1, ledger.DeletionOutcome{Ticket: "d-" + key, State: ledger.Deleted, Class: "deleted"}, lifecycle.RecordedApplied)
	}
}

// What the batch created is deleted, and nothing else of it.
func testRollback(t *testing.T, f *ledgerFixture) {
	f.created(t, "a")
	f.register(t, "queued", "adopted", "other")
	f.begin(t, "adopted", terms("t1"), lifecycle.StartSend)
	f.record(t, "adopted", 1, unknownOutcome, lifecycle.RecordedApplied)
	f.adopt(t, "adopted", "token-adopted", "havip-adopted", "10.0.0.1", lifecycle.FoundApplied)
	o := createdOutcome
	o.HaVIPID = "havip-another"
	f.sent(t, o, "other")
	f.commit(t)
	equal(t, "results", f.rollback(t, "a", "queued", "adopted", "other", "nobody"), []lifecycle.Commanded{
		lifecycle.CommandApplied, lifecycle.CommandLate, lifecycle.CommandLate, lifecycle.CommandLate, lifecycle.CommandAbsent,
	})
	equal(t, "again", f.rollback(t, "a"), []lifecycle.Commanded{lifecycle.CommandSame})
	f.begin(t, "a", terms("t2"), lifecycle.StartDelete)

	start := f.beginDeletion(t, "a", "d1", lifecycle.StartSend)
	f.pass(time.Second)
	equal(t, "a repeated begin", f.beginDeletion(t, "a", "d1", lifecycle.StartSend).Item, start.Item)
	f.beginDeletion(t, "a", "d2", lifecycle.StartBusy)
	rec := f.endDeletion(t, "a", 1, ledger.DeletionOutcome{Ticket: "d1", State: ledger.Deleted, Class: "deleted", Status: 200}, lifecycle.RecordedApplied)
	equal(t, "state, haVipId", []string{string(rec.State), rec.HaVIPID}, []string{"deleted", "havip-1-a"})
	f.endDeletion(t, "a", 1, ledger.DeletionOutcome{Ticket: "d1", State: ledger.Deleted, Class: "deleted", Status: 200}, lifecycle.RecordedSame)
	f.beginDeletion(t, "a", "d3", lifecycle.StartFinished)
	equal(t, "rolled back again", f.rollback(t, "a"), []lifecycle.Commanded{lifecycle.CommandFinished})
	equal(t, "events", f.kinds(t, "a"), []string{"created", "deleting", "deleted"})
	log := f.attempts(t, "a")
	equal(t, "log", []string{log[0].Op + log[0].Class, log[1].Op + log[1].Class}, []string{"created", "deletedeleted"})
}

// A refusal leaves the item as it was, with the reason.
func testRollbackRefused(t *testing.T, f *ledgerFixture) {
	f.created(t, "a")
	f.commit(t)
	f.rollback(t, "a")
	equal(t, "complete", f.batch(t).CompletedAt, ledger.Millis(0))
	f.beginDeletion(t, "a", "d1", lifecycle.StartSend)
	refused := ledger.DeletionOutcome{Ticket: "d1", State: ledger.Created, Class: "refused", Code: "HaVIPBound", Message: "bound to i-1"}
	rec := f.endDeletion(t, "a", 1, refused, lifecycle.RecordedApplied)
	equal(t, "record", []string{string(rec.State), rec.Code, rec.Message, rec.HaVIPID}, []string{"created", "HaVIPBound", "bound to i-1", "havip-1-a"})
	equal(t, "no wish is left", rec.Deletion, (*ledger.Deletion)(nil))
	equal(t, "complete", f.batch(t).Done(), true)
	equal(t, "asked again", f.rollback(t, "a"), []lifecycle.Commanded{lifecycle.CommandApplied})
	f.beginDeletion(t, "a", "d2", lifecycle.StartSend)
	f.endDeletion(t, "a", 2, ledger.DeletionOutcome{Ticket: "d2", State: ledger.Deleted, Class: "deleted"}, lifecycle.RecordedApplied)
}

// Of a try that nothing is heard of, it is not known whether it deleted; a proof counts whenever it comes.
func testRollbackInterrupted(t *testing.T, f *ledgerFixture) {
	f.created(t, "a")
	f.rollback(t, "a")
	f.beginDeletion(t, "a", "d1", lifecycle.StartSend)
	f.pass(time.Hour)
	f.beginDeletion(t, "a", "d2", lifecycle.StartBusy)
	rec := f.beginDeletionAfter(t, "a", "d2", ledger.Watched{Ticket: "d1", For: lease}, lifecycle.StartSend).Item.Record
	equal(t, "tries", rec.Deletes, 2)
	equal(t, "outcome unknown", rec.Deletion.Unknown, true)
	late := ledger.DeletionOutcome{Ticket: "d1", State: ledger.Deleting, Class: "throttled"}
	f.endDeletion(t, "a", 1, late, lifecycle.RecordedLate)
	equal(t, "still under way", f.item(t, "a").Record.State, ledger.Deleting)
	rec = f.endDeletion(t, "a", 1, ledger.DeletionOutcome{Ticket: "d1", State: ledger.Deleted, Class: "deleted"}, lifecycle.RecordedApplied)
	equal(t, "state", rec.State, ledger.Deleted)
	refused := ledger.DeletionOutcome{Ticket: "d2", State: ledger.Created, Class: "refused"}
	equal(t, "after a late no", f.endDeletion(t, "a", 2, refused, lifecycle.RecordedSame).State, ledger.Deleted)
}

// A dead worker's try ends with its request.
func testReleaseDeletion(t *testing.T, f *ledgerFixture) {
	f.created(t, "a")
	f.rollback(t, "a")
	equal(t, "wait before the first try", f.release(t, "a", 0, lifecycle.ReleasedApplied).Wait, time.Duration(0))
	f.beginDeletion(t, "a", "d1", lifecycle.StartSend)
	equal(t, "wait", f.release(t, "a", time.Second, lifecycle.ReleasedEarly).Wait, call-time.Second)
	f.beginDeletion(t, "a", "d2", lifecycle.StartBusy)
	f.release(t, "a", call, lifecycle.ReleasedApplied)
	f.release(t, "a", call, lifecycle.ReleasedApplied)
	rec := f.beginDeletion(t, "a", "d2", lifecycle.StartSend).Item.Record
	equal(t, "outcome unknown", rec.Deletion.Unknown, true)
	equal(t, "log", f.attempts(t, "a")[1].Class, "interrupted")
	f.release(t, "a", 0, lifecycle.ReleasedEarly)
}

// The log of deletes is bounded.
func testDeletionLog(t *testing.T, f *ledgerFixture) {
	f.created(t, "a")
	f.rollback(t, "a")
	for n := 1; n <= 25; n++ {
		ticket := fmt.Sprintf("d%d", n)
		f.beginDeletion(t, "a", ticket, lifecycle.StartSend)
		f.endDeletion(t, "a", n, ledger.DeletionOutcome{Ticket: ticket, State: ledger.Deleting, Class: "throttled"}, lifecycle.RecordedApplied)
	}
	log := f.attempts(t, "a")
	equal(t, "kept", len(log), 1+20)
	equal(t, "first and last of the deletes", []int{log[1].Number, log[20].Number}, []int{6, 25})
}
