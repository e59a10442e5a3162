package ledgertest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"havip/ledger"
)

// cancel asks for items to be canceled.
func (b *bench) cancel(t *testing.T, keys ...string) []ledger.Canceling {
	t.Helper()
	items := make([]ledger.Item, len(keys))
	for i, key := range keys {
		items[i] = ledger.Item{Batch: batch, Spec: spec(key)}
	}
	answers, err := b.Cancel(t.Context(), batch, "wrong subnet", items)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

func (b *bench) cancelVerdicts(t *testing.T, keys ...string) []ledger.Verdict {
	t.Helper()
	var vs []ledger.Verdict
	for _, answer := range b.cancel(t, keys...) {
		vs = append(vs, answer.Verdict)
	}
	return vs
}

// kinds are the kinds of a batch's events about one item.
func (b *bench) kinds(t *testing.T, key string) []string {
	t.Helper()
	var kinds []string
	for _, event := range b.events(t) {
		if event.Key == key {
			kinds = append(kinds, event.Kind)
		}
	}
	return kinds
}

// Of which nothing is in flight or in doubt, that is canceled at once, and stays it.
func testCancelAtOnce(t *testing.T, b *bench) {
	b.register(t, "queued", "waiting", "not sent")
	b.commit(t)
	b.sent(t, throttledOutcome, "waiting")
	b.sent(t, notSentOutcome, "not sent")
	answers := b.cancel(t, "queued", "waiting", "not sent", "nobody")
	for i, want := range []ledger.Verdict{ledger.Applied, ledger.Applied, ledger.Applied, ledger.Absent} {
		equal(t, "verdict", answers[i].Verdict, want)
	}
	equal(t, "what Cancel answered is what stands", answers[1].Item.Record, b.item(t, "waiting").Record)
	for _, key := range []string{"queued", "waiting", "not sent"} {
		rec := b.item(t, key).Record
		equal(t, key, []string{string(rec.State), rec.Code, rec.Message}, []string{"canceled", "Canceled", "wrong subnet"})
		b.begin(t, key, terms("t9"), ledger.Finished)
	}
	done := b.batch(t)
	equal(t, "done, none failed", []bool{done.Done(), done.CompletedAt != 0, done.Failed() == 0}, []bool{true, true, true})
	equal(t, "again", b.cancelVerdicts(t, "queued"), []ledger.Verdict{ledger.Finished})
	equal(t, "the batch after repeating", b.batch(t), done)
	equal(t, "the same file again", b.register(t, "queued", "waiting"), []ledger.Verdict{ledger.Same, ledger.Same})
}

// A request in flight decides: a definite no cancels the item, whatever the no was.
func testCancelInFlight(t *testing.T, b *bench) {
	outcomes := map[string]ledger.Outcome{
		"rejected": rejectedOutcome, "throttled": throttledOutcome, "not sent": notSentOutcome,
		"created": createdOutcome, "unknown": unknownOutcome,
	}
	for key, outcome := range outcomes {
		b.register(t, key)
		b.begin(t, key, terms("t1"), ledger.Begun)
		equal(t, key+": cancel", b.cancelVerdicts(t, key), []ledger.Verdict{ledger.Asked})
		equal(t, key+": cancel again", b.cancelVerdicts(t, key), []ledger.Verdict{ledger.Same})
		want := ledger.Cancellation{At: ledger.Millis(b.clock().UnixMilli()), Reason: "wrong subnet"}
		equal(t, key+": asked", *b.item(t, key).Record.Cancel, want)
		b.record(t, key, 1, outcome, ledger.Applied)
	}
	for _, key := range []string{"rejected", "throttled", "not sent"} {
		rec := b.item(t, key).Record
		equal(t, key, []string{string(rec.State), rec.Code, rec.Message}, []string{"canceled", "Canceled", "wrong subnet"})
		equal(t, key+": attempts logged", b.attempts(t, key)[0].Class, outcomes[key].Class)
		b.begin(t, key, terms("t2"), ledger.Finished)
	}
	rec := b.item(t, "created").Record
	equal(t, "created", []string{string(rec.State), rec.HaVIPID, rec.Message}, []string{"created", "havip-1", "not canceled: its HaVIP existed already"})
	equal(t, "told", b.kinds(t, "created"), []string{"cancel-asked", "kept", "created"})
	equal(t, "unknown", b.item(t, "unknown").Record.State, ledger.Unknown)
	b.begin(t, "unknown", terms("t2"), ledger.Lookup)
	equal(t, "nothing more was sent", b.item(t, "unknown").Record.Sends, 1)
	for key := range outcomes {
		equal(t, key+": wish", b.item(t, key).Record.Cancel != nil, key == "unknown")
	}
}

// An item in doubt is not sent again, which could create it, but looked for; that decides.
func testCancelInDoubt(t *testing.T, b *bench) {
	doubtful := []string{"there", "absent", "waiting", "queued", "person"}
	b.register(t, doubtful...)
	b.sent(t, unknownOutcome, doubtful...)
	b.sent(t, throttledOutcome, "waiting")
	b.sent(t, notSentOutcome, "queued")
	for _, key := range doubtful {
		equal(t, key, b.cancelVerdicts(t, key), []ledger.Verdict{ledger.Asked})
		b.begin(t, key, terms("t9"), ledger.Lookup)
	}
	b.adopt(t, "there", "token-there", "havip-1", "10.0.0.1", ledger.Applied)
	rec := b.item(t, "there").Record
	equal(t, "there", []string{string(rec.State), rec.HaVIPID, rec.Message}, []string{"adopted", "havip-1", "not canceled: its HaVIP existed already"})
	b.renew(t, "absent", "token-absent", "next", ledger.Withdrawn)
	b.renew(t, "absent", "token-absent", "next", ledger.Finished)
	rec = b.item(t, "absent").Record
	equal(t, "absent", []string{string(rec.State), rec.ClientToken, rec.Message}, []string{"canceled", "token-absent", "wrong subnet"})
	equal(t, "absent: doubt, wish", []bool{rec.Unknown, rec.Lookup, rec.Cancel != nil}, []bool{false, false, false})
	// What a person must look at, that person decides.
	b.settle(t, ledger.Review, "person")
	b.retry(t, "person")
	b.renew(t, "person", "token-person", "next-person", ledger.Applied)
}

// An item that is rejected while an earlier request of it is in doubt has come to its end: the wish is
// over, and to try it again is to look for it.
func testCancelRejectedInDoubt(t *testing.T, b *bench) {
	b.register(t, "a")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.pass(time.Minute)
	b.begin(t, "a", terms("t2"), ledger.Begun)
	equal(t, "cancel", b.cancelVerdicts(t, "a"), []ledger.Verdict{ledger.Asked})
	rec := b.record(t, "a", 2, rejectedOutcome, ledger.Applied)
	equal(t, "state", rec.State, ledger.Rejected)
	equal(t, "wish", rec.Cancel, (*ledger.Cancellation)(nil))
	way, _ := rec.RetryWay()
	equal(t, "way", way, ledger.LookFirst)
	b.retry(t, "a")
	b.begin(t, "a", terms("t3"), ledger.Lookup)
}

// A worker that dies with the request leaves it in doubt.
func testCancelInterrupted(t *testing.T, b *bench) {
	b.register(t, "a", "proof")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.begin(t, "proof", terms("t1"), ledger.Begun)
	b.pass(time.Minute)
	equal(t, "cancel", b.cancelVerdicts(t, "a", "proof"), []ledger.Verdict{ledger.Asked, ledger.Asked})
	b.begin(t, "a", terms("t2"), ledger.Lookup)
	b.begin(t, "proof", terms("t2"), ledger.Lookup)
	equal(t, "nothing was sent", b.item(t, "a").Record.Sends, 1)
	b.renew(t, "a", "token-a", "next-a", ledger.Withdrawn)
	b.renew(t, "proof", "token-proof", "next-proof", ledger.Withdrawn)
	// What may exist after all is no older than its request.
	sent := b.item(t, "a").Record.LastSentAt
	equal(t, "first sent", b.record(t, "a", 1, unknownOutcome, ledger.Late).FirstSentAt, sent)
	rec := b.record(t, "proof", 1, createdOutcome, ledger.Applied)
	equal(t, "a proof that arrives late is still one", rec.State, ledger.Created)
	equal(t, "counts", b.batch(t).Counts, map[ledger.State]int64{ledger.Canceled: 1, ledger.Created: 1})
}

// What a dry run tells is what is done.
func testCancelWays(t *testing.T, b *bench) {
	keys := []string{"queued", "waiting", "unknown", "doubt", "sending", "created", "rejected", "review", "canceled", "deleted", "asked"}
	b.deleted(t, "deleted")
	b.register(t, keys...)
	b.sent(t, throttledOutcome, "waiting")
	b.sent(t, unknownOutcome, "unknown", "review", "doubt")
	b.sent(t, throttledOutcome, "doubt")
	b.begin(t, "sending", terms("t1"), ledger.Begun)
	b.begin(t, "asked", terms("t1"), ledger.Begun)
	b.sent(t, createdOutcome, "created")
	b.sent(t, rejectedOutcome, "rejected")
	b.settle(t, ledger.Review, "review")
	b.cancel(t, "canceled", "asked")
	for _, key := range keys {
		before := b.item(t, key).Record
		way, why := before.CancelWay()
		want := ledger.CancelNot
		switch b.cancel(t, key)[0].Verdict {
		case ledger.Applied:
			want = ledger.CancelNow
		case ledger.Asked:
			want = ledger.CancelLater
		default:
			equal(t, key+" is left alone", b.item(t, key).Record, before)
		}
		equal(t, "way of "+key, way, want)
		equal(t, "why not "+key, why != "", want == ledger.CancelNot)
	}
	equal(t, "nothing asked to be canceled is tried again", retryVerdicts(b.retry(t, "asked")), []ledger.Verdict{ledger.Busy})
	if way, why := b.item(t, "unknown").Record.RetryWay(); way != ledger.NoWay || why == "" {
		t.Errorf("an item that is to be canceled may be tried again: %s", way)
	}
}

// Whatever of a beginning and a cancel comes first, an item is not both canceled and sent.
func testConcurrentCancel(t *testing.T, b *bench) {
	keys := manyKeys(220) // more than one script call changes
	b.register(t, keys...)
	var wg sync.WaitGroup
	wg.Go(func() { b.cancel(t, keys...) })
	for i := range 3 {
		wg.Go(func() {
			for n := range keys {
				if _, err := b.Begin(t.Context(), batch, keys[len(keys)-1-n], terms(fmt.Sprint("t", i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, key := range keys {
		rec := b.item(t, key).Record
		sound := rec.State == ledger.Canceled && rec.Sends == 0 || rec.State == ledger.Sending && rec.Sends == 1 && rec.Cancel != nil
		if !sound {
			t.Errorf("%s: %+v", key, rec)
		}
	}
}

// A client that lost the reply asks again.
func testRepeatedScripts(t *testing.T, b *bench) {
	b.register(t, "queued", "flying", "rejected", "absent")
	b.commit(t)
	b.begin(t, "flying", terms("t1"), ledger.Begun)
	b.sent(t, rejectedOutcome, "rejected")
	b.sent(t, unknownOutcome, "absent")
	b.everyScriptTwice(t)
	b.cancel(t, "queued", "flying", "absent")
	b.retry(t, "rejected")
	b.renew(t, "absent", "token-absent", "next", ledger.Finished)
	b.record(t, "flying", 1, throttledOutcome, ledger.Same)
	equal(t, "counts", b.batch(t).Counts, map[ledger.State]int64{ledger.Canceled: 3, ledger.Queued: 1})
	equal(t, "generation", b.item(t, "rejected").Record.Generation, 2)
	for key, want := range map[string][]string{
		"queued": {"canceled"}, "flying": {"cancel-asked", "canceled"}, "rejected": {"rejected", "retried"},
		"absent": {"unknown", "cancel-asked", "canceled"},
	} {
		equal(t, "events of "+key, b.kinds(t, key), want)
	}
}
