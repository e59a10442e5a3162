package ledgertest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

// cancel asks for items to be canceled.
func (f *ledgerFixture) cancel(t *testing.T, keys ...string) []ledger.Commanded {
	t.Helper()
	items := make([]ledger.Item, len(keys))
	for i, key := range keys {
		items[i] = ledger.Item{Batch: batch, Spec: spec(key)}
	}
	answers, err := f.Cancel(t.Context(), batch, "wrong subnet", items)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

func (f *ledgerFixture) cancelResults(t *testing.T, keys ...string) []lifecycle.Commanded {
	t.Helper()
	var vs []lifecycle.Commanded
	for _, answer := range f.cancel(t, keys...) {
		vs = append(vs, answer.Result)
	}
	return vs
}

// kinds are the kinds of a batch's events about one item.
func (f *ledgerFixture) kinds(t *testing.T, key string) []string {
	t.Helper()
	var kinds []string
	for _, event := range f.events(t) {
		if event.Key == key {
			kinds = append(kinds, event.Kind)
		}
	}
	return kinds
}

// Items that are neither in flight nor of unknown outcome are canceled at once, and stay canceled.
func testCancelAtOnce(t *testing.T, f *ledgerFixture) {
	f.register(t, "queued", "waiting", "not sent")
	f.commit(t)
	f.sent(t, throttledOutcome, "waiting")
	f.sent(t, notSentOutcome, "not sent")
	answers := f.cancel(t, "queued", "waiting", "not sent", "nobody")
	for i, want := range []lifecycle.Commanded{lifecycle.CommandApplied, lifecycle.CommandApplied, lifecycle.CommandApplied, lifecycle.CommandAbsent} {
		equal(t, "result", answers[i].Result, want)
	}
	equal(t, "what Cancel answered is what stands", answers[1].Item.Record, f.item(t, "waiting").Record)
	for _, key := range []string{"queued", "waiting", "not sent"} {
		rec := f.item(t, key).Record
		equal(t, key, []string{string(rec.State), rec.Code, rec.Message}, []string{"canceled", "Canceled", "wrong subnet"})
		f.begin(t, key, terms("t9"), lifecycle.StartFinished)
	}
	done := f.batch(t)
	equal(t, "done, none failed", []bool{done.Done(), done.CompletedAt != 0, done.Failed() == 0}, []bool{true, true, true})
	equal(t, "again", f.cancelResults(t, "queued"), []lifecycle.Commanded{lifecycle.CommandFinished})
	equal(t, "the batch after repeating", f.batch(t), done)
	equal(t, "the same file again", f.register(t, "queued", "waiting"), []lifecycle.Registered{lifecycle.RegisteredSame, lifecycle.RegisteredSame})
}

// A request in flight decides: a definite no cancels the item, whatever the no was.
func testCancelInFlight(t *testing.T, f *ledgerFixture) {
	outcomes := map[string]ledger.Outcome{
		"rejected": rejectedOutcome, "throttled": throttledOutcome, "not sent": notSentOutcome,
		"created": createdOutcome, "unknown": unknownOutcome,
	}
	for key, outcome := range outcomes {
		f.register(t, key)
		f.begin(t, key, terms("t1"), lifecycle.StartSend)
		equal(t, key+": cancel", f.cancelResults(t, key), []lifecycle.Commanded{lifecycle.CommandAsked})
		equal(t, key+": cancel again", f.cancelResults(t, key), []lifecycle.Commanded{lifecycle.CommandSame})
		want := ledger.Cancellation{At: ledger.Millis(f.clock().UnixMilli()), Reason: "wrong subnet"}
		equal(t, key+": asked", *f.item(t, key).Record.Cancel, want)
		f.record(t, key, 1, outcome, lifecycle.RecordedApplied)
	}
	for _, key := range []string{"rejected", "throttled", "not sent"} {
		rec := f.item(t, key).Record
		equal(t, key, []string{string(rec.State), rec.Code, rec.Message}, []string{"canceled", "Canceled", "wrong subnet"})
		equal(t, key+": attempts logged", f.attempts(t, key)[0].Class, outcomes[key].Class)
		f.begin(t, key, terms("t2"), lifecycle.StartFinished)
	}
	rec := f.item(t, "created").Record
	equal(t, "created", []string{string(rec.State), rec.HaVIPID, rec.Message}, []string{"created", "havip-1", "not canceled: its HaVIP already existed"})
	equal(t, "told", f.kinds(t, "created"), []string{"cancel-asked", "kept", "created"})
	equal(t, "unknown", f.item(t, "unknown").Record.State, ledger.Unknown)
	f.begin(t, "unknown", terms("t2"), lifecycle.StartLookup)
	equal(t, "nothing more was sent", f.item(t, "unknown").Record.Sends, 1)
	for key := range outcomes {
		equal(t, key+": wish", f.item(t, key).Record.Cancel != nil, key == "unknown")
	}
}

// An item of unknown outcome is looked up, not sent again, because that could create it. The lookup decides.
func testCancelUnknownOutcome(t *testing.T, f *ledgerFixture) {
	doubtful := []string{"there", "absent", "waiting", "queued", "person"}
	f.register(t, doubtful...)
	f.sent(t, unknownOutcome, doubtful...)
	f.sent(t, throttledOutcome, "waiting")
	f.sent(t, notSentOutcome, "queued")
	for _, key := range doubtful {
		equal(t, key, f.cancelResults(t, key), []lifecycle.Commanded{lifecycle.CommandAsked})
		f.begin(t, key, terms("t9"), lifecycle.StartLookup)
	}
	f.adopt(t, "there", "token-there", "havip-1", "10.0.0.1", lifecycle.FoundApplied)
	rec := f.item(t, "there").Record
	equal(t, "there", []string{string(rec.State), rec.HaVIPID, rec.Message}, []string{"adopted", "havip-1", "not canceled: its HaVIP already existed"})
	f.absent(t, "absent", "next", lifecycle.AbsenceCanceled)
	f.renew(t, "absent", "token-absent", "next", lifecycle.FoundFinished)
	rec = f.item(t, "absent").Record
	equal(t, "absent", []string{string(rec.State), rec.ClientToken, rec.Message}, []string{"canceled", "token-absent", "wrong subnet"})
	equal(t, "absent: doubt, wish", []bool{rec.Unknown, rec.Lookup, rec.Cancel != nil}, []bool{false, false, false})
	// What a person must look at, that person decides.
	f.settle(t, ledger.Review, "person")
	f.retry(t, "person")
	f.absent(t, "person", "next-person", lifecycle.AbsenceRenewed)
}

// An item that is rejected while the outcome of an earlier request is unknown is finished: the cancellation is over, and a
// retry looks the item up.
func testCancelRejectedWithUnknownOutcome(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.begin(t, "a", over(terms("t2"), "t1"), lifecycle.StartSend)
	equal(t, "cancel", f.cancelResults(t, "a"), []lifecycle.Commanded{lifecycle.CommandAsked})
	rec := f.record(t, "a", 2, rejectedOutcome, lifecycle.RecordedApplied)
	equal(t, "state", rec.State, ledger.Rejected)
	equal(t, "wish", rec.Cancel, (*ledger.Cancellation)(nil))
	way, _ := rec.RetryAction()
	equal(t, "way", way, lifecycle.RetryLookUpFirst)
	f.retry(t, "a")
	f.begin(t, "a", terms("t3"), lifecycle.StartLookup)
}

// A worker that dies during a request leaves the outcome unknown.
func testCancelInterrupted(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "proof")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.begin(t, "proof", terms("t1"), lifecycle.StartSend)
	f.pass(time.Minute)
	equal(t, "cancel", f.cancelResults(t, "a", "proof"), []lifecycle.Commanded{lifecycle.CommandAsked, lifecycle.CommandAsked})
	f.begin(t, "a", over(terms("t2"), "t1"), lifecycle.StartLookup)
	f.begin(t, "proof", over(terms("t2"), "t1"), lifecycle.StartLookup)
	equal(t, "nothing was sent", f.item(t, "a").Record.Sends, 1)
	f.absent(t, "a", "next-a", lifecycle.AbsenceCanceled)
	f.absent(t, "proof", "next-proof", lifecycle.AbsenceCanceled)
	// What may exist after all is no older than its request.
	sent := f.item(t, "a").Record.LastSentAt
	equal(t, "first sent", f.record(t, "a", 1, unknownOutcome, lifecycle.RecordedLate).FirstSentAt, sent)
	rec := f.record(t, "proof", 1, createdOutcome, lifecycle.RecordedApplied)
	equal(t, "a proof that arrives late is still one", rec.State, ledger.Created)
	equal(t, "counts", f.batch(t).Counts, map[ledger.State]int64{ledger.Canceled: 1, ledger.Created: 1})
}

// What a dry run tells is what is done.
func testCancelWays(t *testing.T, f *ledgerFixture) {
	keys := []string{"queued", "waiting", "unknown", "doubt", "sending", "created", "rejected", "review", "canceled", "deleted", "asked"}
	f.deleted(t, "deleted")
	f.register(t, keys...)
	f.sent(t, throttledOutcome, "waiting")
	f.sent(t, unknownOutcome, "unknown", "review", "doubt")
	f.sent(t, throttledOutcome, "doubt")
	f.begin(t, "sending", terms("t1"), lifecycle.StartSend)
	f.begin(t, "asked", terms("t1"), lifecycle.StartSend)
	f.sent(t, createdOutcome, "created")
	f.sent(t, rejectedOutcome, "rejected")
	f.settle(t, ledger.Review, "review")
	f.cancel(t, "canceled", "asked")
	for _, key := range keys {
		before := f.item(t, key).Record
		way, why := before.CancelAction()
		want := lifecycle.CancelNone
		switch f.cancel(t, key)[0].Result {
		case lifecycle.CommandApplied:
			want = lifecycle.CancelNow
		case lifecycle.CommandAsked:
			want = lifecycle.CancelLater
		case lifecycle.CommandSame:
			if before.State != ledger.Sending {
				want = lifecycle.CancelLater
			}
			equal(t, key+" stays as it is", f.item(t, key).Record, before)
		default:
			equal(t, key+" is left alone", f.item(t, key).Record, before)
		}
		equal(t, "way of "+key, way, want)
		equal(t, "why not "+key, why != "", want == lifecycle.CancelNone)
	}
	equal(t, "nothing asked to be canceled is tried again", retryResults(f.retry(t, "asked")), []lifecycle.Commanded{lifecycle.CommandBusy})
	if way, why := f.item(t, "unknown").Record.RetryAction(); way != lifecycle.RetryNone || why == "" {
		t.Errorf("an item that is to be canceled may be tried again: %s", way)
	}
}

// Whatever of a beginning and a cancel comes first, an item is not both canceled and sent.
func testConcurrentCancel(t *testing.T, f *ledgerFixture) {
	keys := manyKeys(220) // more than one script call changes
	f.register(t, keys...)
	var wg sync.WaitGroup
	wg.Go(func() { f.cancel(t, keys...) })
	for i := range 3 {
		wg.Go(func() {
			for n := range keys {
				if _, err := f.Begin(t.Context(), batch, keys[len(keys)-1-n], ledger.Known{}, terms(fmt.Sprint("t", i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, key := range keys {
		rec := f.item(t, key).Record
		sound := rec.State == ledger.Canceled && rec.Sends == 0 || rec.State == ledger.Sending && rec.Sends == 1 && rec.Cancel != nil
		if !sound {
			t.Errorf("%s: %+v", key, rec)
		}
	}
}

// A client that lost the reply asks again.
func testRepeatedScripts(t *testing.T, f *ledgerFixture) {
	f.register(t, "queued", "flying", "rejected", "absent")
	f.commit(t)
	f.begin(t, "flying", terms("t1"), lifecycle.StartSend)
	f.sent(t, rejectedOutcome, "rejected")
	f.sent(t, unknownOutcome, "absent")
	f.everyScriptTwice(t)
	f.cancel(t, "queued", "flying", "absent")
	f.retry(t, "rejected")
	f.absent(t, "absent", "next", lifecycle.AbsenceLate)
	f.record(t, "flying", 1, throttledOutcome, lifecycle.RecordedSame)
	equal(t, "counts", f.batch(t).Counts, map[ledger.State]int64{ledger.Canceled: 3, ledger.Queued: 1})
	equal(t, "generation", f.item(t, "rejected").Record.Generation, 2)
	for key, want := range map[string][]string{
		"queued": {"canceled"}, "flying": {"cancel-asked", "canceled"}, "rejected": {"rejected", "retried"},
		"absent": {"unknown", "cancel-asked", "canceled"},
	} {
		equal(t, "events of "+key, f.kinds(t, key), want)
	}
}
