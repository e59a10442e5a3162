package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"havip/ledger"
)

// created registers items, each with a HaVIP of its own.
func (f *ledgerFixture) created(t *testing.T, keys ...string) {
	t.Helper()
	f.register(t, keys...)
	f.sent(t, createdOutcome, keys...)
}

func (f *ledgerFixture) rollback(t *testing.T, keys ...string) []ledger.Verdict {
	t.Helper()
	items := make([]ledger.Item, len(keys))
	for i, key := range keys {
		items[i] = ledger.Item{Batch: batch, Spec: spec(key), Record: ledger.Record{HaVIPID: "havip-1-" + key}}
	}
	answers, err := f.Rollback(t.Context(), batch, "wrong VPC", items)
	if err != nil {
		t.Fatal(err)
	}
	verdicts := make([]ledger.Verdict, len(answers))
	for i, answer := range answers {
		verdicts[i] = answer.Verdict
	}
	return verdicts
}

func (f *ledgerFixture) beginDeletion(t *testing.T, key, ticket string, want ledger.Verdict) ledger.Start {
	t.Helper()
	return f.beginDeletionAfter(t, key, ticket, ledger.Watched{}, want)
}

// beginDeletionAfter is by a worker that has watched the try in flight.
func (f *ledgerFixture) beginDeletionAfter(t *testing.T, key, ticket string, watched ledger.Watched, want ledger.Verdict) ledger.Start {
	t.Helper()
	start, err := f.BeginDeletion(t.Context(), batch, key, ledger.DeletionOptions{
		Worker: "w1", Ticket: ticket, Lease: lease, Request: call, Watched: watched,
	})
	if err != nil || start.Verdict != want {
		t.Fatalf("begin deletion of %s: %s, %v, want %s", key, start.Verdict, err, want)
	}
	return start
}

func (f *ledgerFixture) endDeletion(t *testing.T, key string, n int, o ledger.DeletionOutcome, want ledger.Verdict) ledger.Record {
	t.Helper()
	verdict, rec, err := f.EndDeletion(t.Context(), batch, key, n, o)
	if err != nil || verdict != want {
		t.Fatalf("end deletion %d of %s: %s, %v, want %s", n, key, verdict, err, want)
	}
	return rec
}

// deleted has items created and their HaVIPs deleted again.
func (f *ledgerFixture) deleted(t *testing.T, keys ...string) {
	t.Helper()
	f.created(t, keys...)
	f.rollback(t, keys...)
	for _, key := range keys {
		f.beginDeletion(t, key, "d-"+key, ledger.Begun)
		f.endDeletion(t, key, 1, ledger.DeletionOutcome{Ticket: "d-" + key, State: ledger.Deleted, Class: "deleted"}, ledger.Applied)
	}
}

// What the batch created is deleted, and nothing else of it.
func testRollback(t *testing.T, f *ledgerFixture) {
	f.created(t, "a")
	f.register(t, "queued", "adopted", "other")
	f.begin(t, "adopted", terms("t1"), ledger.Begun)
	f.record(t, "adopted", 1, unknownOutcome, ledger.Applied)
	f.adopt(t, "adopted", "token-adopted", "havip-adopted", "10.0.0.1", ledger.Applied)
	o := createdOutcome
	o.HaVIPID = "havip-another"
	f.sent(t, o, "other")
	f.commit(t)
	equal(t, "verdicts", f.rollback(t, "a", "queued", "adopted", "other", "nobody"), []ledger.Verdict{
		ledger.Applied, ledger.Late, ledger.Late, ledger.Late, ledger.Absent,
	})
	equal(t, "again", f.rollback(t, "a"), []ledger.Verdict{ledger.Same})
	f.begin(t, "a", terms("t2"), ledger.ToDelete)

	start := f.beginDeletion(t, "a", "d1", ledger.Begun)
	f.pass(time.Second)
	equal(t, "a repeated begin", f.beginDeletion(t, "a", "d1", ledger.Begun).Item, start.Item)
	f.beginDeletion(t, "a", "d2", ledger.Busy)
	rec := f.endDeletion(t, "a", 1, ledger.DeletionOutcome{Ticket: "d1", State: ledger.Deleted, Class: "deleted", Status: 200}, ledger.Applied)
	equal(t, "state, haVipId", []string{string(rec.State), rec.HaVIPID}, []string{"deleted", "havip-1-a"})
	f.endDeletion(t, "a", 1, ledger.DeletionOutcome{Ticket: "d1", State: ledger.Deleted, Class: "deleted", Status: 200}, ledger.Same)
	f.beginDeletion(t, "a", "d3", ledger.Finished)
	equal(t, "rolled back again", f.rollback(t, "a"), []ledger.Verdict{ledger.Finished})
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
	f.beginDeletion(t, "a", "d1", ledger.Begun)
	refused := ledger.DeletionOutcome{Ticket: "d1", State: ledger.Created, Class: "refused", Code: "HaVIPBound", Message: "bound to i-1"}
	rec := f.endDeletion(t, "a", 1, refused, ledger.Applied)
	equal(t, "record", []string{string(rec.State), rec.Code, rec.Message, rec.HaVIPID}, []string{"created", "HaVIPBound", "bound to i-1", "havip-1-a"})
	equal(t, "no wish is left", rec.Deletion, (*ledger.Deletion)(nil))
	equal(t, "complete", f.batch(t).Done(), true)
	equal(t, "asked again", f.rollback(t, "a"), []ledger.Verdict{ledger.Applied})
	f.beginDeletion(t, "a", "d2", ledger.Begun)
	f.endDeletion(t, "a", 2, ledger.DeletionOutcome{Ticket: "d2", State: ledger.Deleted, Class: "deleted"}, ledger.Applied)
}

// Of a try that nothing is heard of, it is not known whether it deleted; a proof counts whenever it comes.
func testRollbackInterrupted(t *testing.T, f *ledgerFixture) {
	f.created(t, "a")
	f.rollback(t, "a")
	f.beginDeletion(t, "a", "d1", ledger.Begun)
	f.pass(time.Hour)
	f.beginDeletion(t, "a", "d2", ledger.Busy)
	rec := f.beginDeletionAfter(t, "a", "d2", ledger.Watched{Ticket: "d1", For: lease}, ledger.Begun).Item.Record
	equal(t, "tries", rec.Deletes, 2)
	equal(t, "in doubt", rec.Deletion.Unknown, true)
	late := ledger.DeletionOutcome{Ticket: "d1", State: ledger.Deleting, Class: "throttled"}
	f.endDeletion(t, "a", 1, late, ledger.Late)
	equal(t, "still under way", f.item(t, "a").Record.State, ledger.Deleting)
	rec = f.endDeletion(t, "a", 1, ledger.DeletionOutcome{Ticket: "d1", State: ledger.Deleted, Class: "deleted"}, ledger.Applied)
	equal(t, "state", rec.State, ledger.Deleted)
	refused := ledger.DeletionOutcome{Ticket: "d2", State: ledger.Created, Class: "refused"}
	equal(t, "after a late no", f.endDeletion(t, "a", 2, refused, ledger.Same).State, ledger.Deleted)
}

// A dead worker's try ends with its request.
func testReleaseDeletion(t *testing.T, f *ledgerFixture) {
	f.created(t, "a")
	f.rollback(t, "a")
	equal(t, "wait before the first try", f.release(t, "a", 0, ledger.Applied).Wait, time.Duration(0))
	f.beginDeletion(t, "a", "d1", ledger.Begun)
	equal(t, "wait", f.release(t, "a", time.Second, ledger.Early).Wait, call-time.Second)
	f.beginDeletion(t, "a", "d2", ledger.Busy)
	f.release(t, "a", call, ledger.Applied)
	f.release(t, "a", call, ledger.Applied)
	rec := f.beginDeletion(t, "a", "d2", ledger.Begun).Item.Record
	equal(t, "in doubt", rec.Deletion.Unknown, true)
	equal(t, "log", f.attempts(t, "a")[1].Class, "interrupted")
	f.release(t, "a", 0, ledger.Early)
}

// The log of deletes is bounded.
func testDeletionLog(t *testing.T, f *ledgerFixture) {
	f.created(t, "a")
	f.rollback(t, "a")
	for n := 1; n <= 25; n++ {
		ticket := fmt.Sprintf("d%d", n)
		f.beginDeletion(t, "a", ticket, ledger.Begun)
		f.endDeletion(t, "a", n, ledger.DeletionOutcome{Ticket: ticket, State: ledger.Deleting, Class: "throttled"}, ledger.Applied)
	}
	log := f.attempts(t, "a")
	equal(t, "kept", len(log), 1+20)
	equal(t, "first and last of the deletes", []int{log[1].Number, log[20].Number}, []int{6, 25})
}
