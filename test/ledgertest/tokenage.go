package ledgertest

import (
	"strconv"
	"testing"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

func testTokenAge(t *testing.T, f *ledgerFixture) {
	f.register(t, "unknown", "not sent", "interrupted")
	for _, key := range []string{"unknown", "not sent", "interrupted"} {
		f.begin(t, key, terms("t1"), lifecycle.StartSend)
	}
	f.record(t, "unknown", 1, unknownOutcome, lifecycle.RecordedApplied)
	f.record(t, "not sent", 1, ledger.Outcome{State: ledger.Queued, Class: "not sent", Counted: true}, lifecycle.RecordedApplied)
	f.pass(20*time.Hour + time.Millisecond)
	f.begin(t, "unknown", terms("t2"), lifecycle.StartLookup)
	f.begin(t, "interrupted", over(terms("t2"), "t1"), lifecycle.StartLookup)
	equal(t, "nothing was begun", f.item(t, "unknown").Record.Sends, 1)
}

// An old ledger that was restored does not know what was sent since: an item of which nothing was heard
// for longer than a token lives is looked for, whether it was sent or not.
func testIdle(t *testing.T, f *ledgerFixture) {
	f.register(t, "never sent", "not sent", "renewed")
	f.begin(t, "not sent", terms("t1"), lifecycle.StartSend)
	f.record(t, "not sent", 1, notSentOutcome, lifecycle.RecordedApplied)
	f.begin(t, "renewed", terms("t1"), lifecycle.StartSend)
	f.record(t, "renewed", 1, throttledOutcome, lifecycle.RecordedApplied)
	f.pass(20 * time.Hour)
	f.renew(t, "renewed", "token-renewed", "next-renewed", lifecycle.FoundApplied)
	f.pass(time.Millisecond)
	for _, key := range []string{"never sent", "not sent"} {
		before := f.item(t, key)
		f.begin(t, key, terms("t2"), lifecycle.StartIdle)
		equal(t, key+" is as it was", f.item(t, key), before)
		o := terms("t2")
		o.LookedUp = true
		f.begin(t, key, o, lifecycle.StartSend)
		equal(t, key+"'s token", f.item(t, key).Record.ClientToken, "token-"+key)
	}
	f.begin(t, "renewed", terms("t2"), lifecycle.StartSend) // its token was just made
}

// What an idle item's lookup found is adopted, although no outcome of the item is unknown.
func testAdoptIdle(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.pass(30 * time.Hour)
	seen := f.begin(t, "a", terms("t1"), lifecycle.StartIdle).Item.Record
	result, rec, err := f.Adopt(t.Context(), batch, "a", seen, "havip-1", "10.0.0.1")
	if err != nil || result != lifecycle.FoundApplied || rec.HaVIPID != "havip-1" {
		t.Errorf("got %s, %+v, %v", result, rec, err)
	}
	equal(t, "counts", f.batch(t).Counts, map[ledger.State]int64{ledger.Adopted: 1})
}

// BCE may remember a token that it refused, and forget it or not when it is too old; nothing was
// created under it, so there is no need to find out. What comes later does not make it younger.
// A ledger that was restored would not know of what was sent; so what exists is looked at first.
func testRefusedTokenAge(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.record(t, "a", 1, throttledOutcome, lifecycle.RecordedApplied)
	f.pass(10 * time.Hour)
	f.begin(t, "a", terms("t2"), lifecycle.StartSend)
	f.record(t, "a", 2, throttledOutcome, lifecycle.RecordedApplied)
	f.pass(10 * time.Hour)
	f.begin(t, "a", terms("t3"), lifecycle.StartSend)
	f.record(t, "a", 3, notSentOutcome, lifecycle.RecordedApplied)
	f.pass(time.Millisecond)
	f.begin(t, "a", terms("t4"), lifecycle.StartIdle)
	rec := f.begin(t, "a", lookedUp("t4"), lifecycle.StartStale).Item.Record
	equal(t, "nothing was begun", rec.Sends, 3)
	if result, _, err := f.Renew(t.Context(), batch, "a", rec, "next-a", "refused"); err != nil || result != lifecycle.FoundApplied {
		t.Fatalf("renew: %s, %v", result, err)
	}
	rec = f.begin(t, "a", terms("t5"), lifecycle.StartSend).Item.Record
	equal(t, "token", rec.ClientToken, "next-a")
	equal(t, "refused", rec.RefusedSince, ledger.Millis(0))
	f.record(t, "a", 4, throttledOutcome, lifecycle.RecordedApplied)
	f.pass(20 * time.Hour)
	f.begin(t, "a", terms("t6"), lifecycle.StartSend)
}

// Begin answers what stands, also when the horizon would begin anew and a refusal is too old.
func testStaleAfterTheHorizon(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.record(t, "a", 1, throttledOutcome, lifecycle.RecordedApplied)
	f.begin(t, "a", terms("t2"), lifecycle.StartSend)
	f.record(t, "a", 2, notSentOutcome, lifecycle.RecordedApplied)
	f.pass(40*time.Hour + time.Millisecond)
	o := terms("t3")
	o.LookedUp = true
	equal(t, "answer", f.begin(t, "a", o, lifecycle.StartStale).Item, f.item(t, "a"))
}

func testDoubtAfterRefusal(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.record(t, "a", 1, throttledOutcome, lifecycle.RecordedApplied)
	f.pass(20 * time.Hour)
	f.begin(t, "a", terms("t2"), lifecycle.StartSend)
	f.record(t, "a", 2, unknownOutcome, lifecycle.RecordedApplied)
	f.begin(t, "a", terms("t3"), lifecycle.StartSend)
	f.record(t, "a", 3, throttledOutcome, lifecycle.RecordedApplied)
	f.pass(time.Millisecond)
	f.begin(t, "a", terms("t4"), lifecycle.StartLookup)
}

// Sends that never arrive do not keep a token alive, however often they are tried.
func testTokenAgeDoesNotSlide(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t0"), lifecycle.StartSend)
	f.record(t, "a", 1, unknownOutcome, lifecycle.RecordedApplied)
	for hour := range 20 {
		f.pass(time.Hour)
		f.begin(t, "a", terms(strconv.Itoa(hour)), lifecycle.StartSend)
		f.record(t, "a", hour+2, ledger.Outcome{State: ledger.Queued, Class: "not-sent", Counted: true}, lifecycle.RecordedApplied)
	}
	f.pass(time.Millisecond)
	f.begin(t, "a", terms("last"), lifecycle.StartLookup)
}

// A token ages by BCE's clock: when that has jumped, so has the token's age. Where it seems to be of the
// future, its workers do not agree on that clock, or one was put back: it may be dead.
func testTokenAgeIsBCEs(t *testing.T, f *ledgerFixture) {
	f.register(t, "recorded", "interrupted", "behind")
	for _, key := range []string{"recorded", "interrupted", "behind"} {
		o := terms("t1")
		o.ClockOffset = time.Hour
		f.begin(t, key, o, lifecycle.StartSend)
	}
	f.record(t, "recorded", 1, unknownOutcome, lifecycle.RecordedApplied)
	f.record(t, "behind", 1, unknownOutcome, lifecycle.RecordedApplied)
	f.pass(time.Minute)
	o := terms("t2")
	o.ClockOffset = 26 * time.Hour
	f.begin(t, "recorded", o, lifecycle.StartLookup)
	f.begin(t, "interrupted", over(o, "t1"), lifecycle.StartLookup)
	o.ClockOffset = 59 * time.Minute
	f.begin(t, "behind", o, lifecycle.StartSend)
	f.record(t, "behind", 2, unknownOutcome, lifecycle.RecordedApplied)
	o.ClockOffset, o.Ticket = 0, "t3"
	f.begin(t, "behind", o, lifecycle.StartLookup)
}

// How old a token is that seems to be of the future, nobody knows: it may be dead.
func testTokenAgeAfterAClockWasPutBack(t *testing.T, f *ledgerFixture) {
	f.register(t, "unknown", "refused", "a little")
	for _, key := range []string{"unknown", "refused", "a little"} {
		f.begin(t, key, terms("t1"), lifecycle.StartSend)
	}
	f.record(t, "unknown", 1, unknownOutcome, lifecycle.RecordedApplied)
	f.record(t, "a little", 1, unknownOutcome, lifecycle.RecordedApplied)
	f.record(t, "refused", 1, throttledOutcome, lifecycle.RecordedApplied)
	f.pass(-time.Minute)
	f.begin(t, "a little", terms("t2"), lifecycle.StartSend)
	f.pass(-24 * time.Hour)
	f.begin(t, "unknown", terms("t2"), lifecycle.StartLookup)
	f.begin(t, "refused", terms("t2"), lifecycle.StartIdle)
	f.begin(t, "refused", lookedUp("t2"), lifecycle.StartStale)
}

// A refusal that comes after a doubt, and after a clock was put back, is of an older token by that clock.
func testRefusalOfUnknownOutcomeAfterAClockWasPutBack(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.record(t, "a", 1, unknownOutcome, lifecycle.RecordedApplied)
	f.pass(-30 * time.Second) // the doubt is of the future by less than anybody minds
	f.sent(t, throttledOutcome, "a")
	f.pass(20*time.Hour + time.Second)
	f.begin(t, "a", terms("t2"), lifecycle.StartLookup)
	equal(t, "sends", f.item(t, "a").Record.Sends, 2)
}

// lookedUp are terms of a caller that has looked for the HaVIP in vain.
func lookedUp(ticket string) ledger.BeginOptions {
	o := terms(ticket)
	o.LookedUp = true
	return o
}
