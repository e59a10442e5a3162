package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"havip/ledger"
)

// created registers items, each with a HaVIP of its own.
func (b *bench) created(t *testing.T, keys ...string) {
	t.Helper()
	b.register(t, keys...)
	b.sent(t, createdOutcome, keys...)
}

func (b *bench) rollback(t *testing.T, keys ...string) []ledger.Verdict {
	t.Helper()
	items := make([]ledger.Item, len(keys))
	for i, key := range keys {
		items[i] = ledger.Item{Batch: batch, Spec: spec(key), Record: ledger.Record{HaVIPID: "havip-1-" + key}}
	}
	answers, err := b.Rollback(t.Context(), batch, "wrong VPC", items)
	if err != nil {
		t.Fatal(err)
	}
	verdicts := make([]ledger.Verdict, len(answers))
	for i, answer := range answers {
		verdicts[i] = answer.Verdict
	}
	return verdicts
}

func (b *bench) beginDeletion(t *testing.T, key, ticket string, want ledger.Verdict) ledger.Start {
	t.Helper()
	start, err := b.BeginDeletion(t.Context(), batch, key, ledger.DeletionOptions{Worker: "w1", Ticket: ticket, Lease: 30 * time.Second, Request: call})
	if err != nil || start.Verdict != want {
		t.Fatalf("begin deletion of %s: %s, %v, want %s", key, start.Verdict, err, want)
	}
	return start
}

func (b *bench) endDeletion(t *testing.T, key string, n int, o ledger.DeletionOutcome, want ledger.Verdict) ledger.Record {
	t.Helper()
	verdict, rec, err := b.EndDeletion(t.Context(), batch, key, n, o)
	if err != nil || verdict != want {
		t.Fatalf("end deletion %d of %s: %s, %v, want %s", n, key, verdict, err, want)
	}
	return rec
}

// deleted has items created and their HaVIPs deleted again.
func (b *bench) deleted(t *testing.T, keys ...string) {
	t.Helper()
	b.created(t, keys...)
	b.rollback(t, keys...)
	for _, key := range keys {
		b.beginDeletion(t, key, "d-"+key, ledger.Begun)
		b.endDeletion(t, key, 1, ledger.DeletionOutcome{Ticket: "d-" + key, State: ledger.Deleted, Class: "deleted"}, ledger.Applied)
	}
}

// What the batch created is deleted, and nothing else of it.
func testRollback(t *testing.T, b *bench) {
	b.created(t, "a")
	b.register(t, "queued", "adopted", "other")
	b.begin(t, "adopted", terms("t1"), ledger.Begun)
	b.record(t, "adopted", 1, unknownOutcome, ledger.Applied)
	b.adopt(t, "adopted", "token-adopted", "havip-adopted", "10.0.0.1", ledger.Applied)
	o := createdOutcome
	o.HaVIPID = "havip-another"
	b.sent(t, o, "other")
	b.commit(t)
	equal(t, "verdicts", b.rollback(t, "a", "queued", "adopted", "other", "nobody"), []ledger.Verdict{
		ledger.Applied, ledger.Late, ledger.Late, ledger.Late, ledger.Absent,
	})
	equal(t, "again", b.rollback(t, "a"), []ledger.Verdict{ledger.Same})
	b.begin(t, "a", terms("t2"), ledger.ToDelete)

	start := b.beginDeletion(t, "a", "d1", ledger.Begun)
	b.pass(time.Second)
	equal(t, "a repeated begin", b.beginDeletion(t, "a", "d1", ledger.Begun).Item, start.Item)
	b.beginDeletion(t, "a", "d2", ledger.Busy)
	rec := b.endDeletion(t, "a", 1, ledger.DeletionOutcome{Ticket: "d1", State: ledger.Deleted, Class: "deleted", Status: 200}, ledger.Applied)
	equal(t, "state, haVipId", []string{string(rec.State), rec.HaVIPID}, []string{"deleted", "havip-1-a"})
	b.endDeletion(t, "a", 1, ledger.DeletionOutcome{Ticket: "d1", State: ledger.Deleted, Class: "deleted", Status: 200}, ledger.Same)
	b.beginDeletion(t, "a", "d3", ledger.Finished)
	equal(t, "rolled back again", b.rollback(t, "a"), []ledger.Verdict{ledger.Finished})
	equal(t, "events", b.kinds(t, "a"), []string{"created", "deleting", "deleted"})
	log := b.attempts(t, "a")
	equal(t, "log", []string{log[0].Op + log[0].Class, log[1].Op + log[1].Class}, []string{"created", "deletedeleted"})
}

// A refusal leaves the item as it was, with the reason.
func testRollbackRefused(t *testing.T, b *bench) {
	b.created(t, "a")
	b.commit(t)
	b.rollback(t, "a")
	equal(t, "complete", b.batch(t).CompletedAt, ledger.Millis(0))
	b.beginDeletion(t, "a", "d1", ledger.Begun)
	refused := ledger.DeletionOutcome{Ticket: "d1", State: ledger.Created, Class: "refused", Code: "HaVIPBound", Message: "bound to i-1"}
	rec := b.endDeletion(t, "a", 1, refused, ledger.Applied)
	equal(t, "record", []string{string(rec.State), rec.Code, rec.Message, rec.HaVIPID}, []string{"created", "HaVIPBound", "bound to i-1", "havip-1-a"})
	equal(t, "no wish is left", rec.Deletion, (*ledger.Deletion)(nil))
	equal(t, "complete", b.batch(t).Done(), true)
	equal(t, "asked again", b.rollback(t, "a"), []ledger.Verdict{ledger.Applied})
	b.beginDeletion(t, "a", "d2", ledger.Begun)
	b.endDeletion(t, "a", 2, ledger.DeletionOutcome{Ticket: "d2", State: ledger.Deleted, Class: "deleted"}, ledger.Applied)
}

// Of a try that nothing is heard of, it is not known whether it deleted; a proof counts whenever it comes.
func testRollbackInterrupted(t *testing.T, b *bench) {
	b.created(t, "a")
	b.rollback(t, "a")
	b.beginDeletion(t, "a", "d1", ledger.Begun)
	b.pass(30 * time.Second)
	rec := b.beginDeletion(t, "a", "d2", ledger.Begun).Item.Record
	equal(t, "tries", rec.Deletes, 2)
	equal(t, "in doubt", rec.Deletion.Unknown, true)
	late := ledger.DeletionOutcome{Ticket: "d1", State: ledger.Deleting, Class: "throttled"}
	b.endDeletion(t, "a", 1, late, ledger.Late)
	equal(t, "still under way", b.item(t, "a").Record.State, ledger.Deleting)
	rec = b.endDeletion(t, "a", 1, ledger.DeletionOutcome{Ticket: "d1", State: ledger.Deleted, Class: "deleted"}, ledger.Applied)
	equal(t, "state", rec.State, ledger.Deleted)
	refused := ledger.DeletionOutcome{Ticket: "d2", State: ledger.Created, Class: "refused"}
	equal(t, "after a late no", b.endDeletion(t, "a", 2, refused, ledger.Same).State, ledger.Deleted)
}

// A dead worker's try ends with its request.
func testReleaseDeletion(t *testing.T, b *bench) {
	b.created(t, "a")
	b.rollback(t, "a")
	equal(t, "wait before the first try", b.release(t, "a", ledger.Applied).Wait, time.Duration(0))
	b.beginDeletion(t, "a", "d1", ledger.Begun)
	b.pass(time.Second)
	equal(t, "wait", b.release(t, "a", ledger.Applied).Wait, call-time.Second)
	b.pass(call)
	b.beginDeletion(t, "a", "d2", ledger.Begun)
}

// The log of deletes is bounded.
func testDeletionLog(t *testing.T, b *bench) {
	b.created(t, "a")
	b.rollback(t, "a")
	for n := 1; n <= 25; n++ {
		ticket := fmt.Sprintf("d%d", n)
		b.beginDeletion(t, "a", ticket, ledger.Begun)
		b.endDeletion(t, "a", n, ledger.DeletionOutcome{Ticket: ticket, State: ledger.Deleting, Class: "throttled"}, ledger.Applied)
	}
	log := b.attempts(t, "a")
	equal(t, "kept", len(log), 1+20)
	equal(t, "first and last of the deletes", []int{log[1].Number, log[20].Number}, []int{6, 25})
}
