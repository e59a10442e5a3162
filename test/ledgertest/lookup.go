package ledgertest

import (
	"testing"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

// mismatchOutcome leaves an item that must be looked for.
var mismatchOutcome = ledger.Outcome{
	State: ledger.Unknown, Class: "mismatch", Counted: true, Unknown: true, Lookup: true,
	Status: 403, Code: "IdempotentParameterMismatch",
}

func testLookupFirst(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.record(t, "a", 1, mismatchOutcome, lifecycle.RecordedApplied)
	start := f.begin(t, "a", terms("t2"), lifecycle.StartLookup)
	equal(t, "the ledger's clock", start.At.Time(), f.clock())
	equal(t, "sends", f.item(t, "a").Record.Sends, 1)
}

func (f *ledgerFixture) adopt(t *testing.T, key, token, id, address string, want lifecycle.Found) {
	t.Helper()
	result, _, err := f.Adopt(t.Context(), batch, key, ledger.Record{ClientToken: token, Sends: 1, Unknown: true}, id, address)
	if err != nil || result != want {
		t.Errorf("adopt %s: got %s, %v; want %s", key, result, err, want)
	}
}

func testAdopt(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "calm", "flying", "bare")
	for _, key := range []string{"a", "calm", "flying", "bare"} {
		f.begin(t, key, terms("t1"), lifecycle.StartSend)
	}
	f.adopt(t, "flying", "token-flying", "havip-1", "10.0.0.1", lifecycle.FoundLate)
	f.record(t, "a", 1, unknownOutcome, lifecycle.RecordedApplied)
	f.record(t, "bare", 1, unknownOutcome, lifecycle.RecordedApplied)
	f.record(t, "calm", 1, throttledOutcome, lifecycle.RecordedApplied)
	f.adopt(t, "calm", "token-calm", "havip-1", "10.0.0.1", lifecycle.FoundLate)
	f.adopt(t, "a", "another", "havip-1", "10.0.0.1", lifecycle.FoundForeign)
	f.adopt(t, "nobody", "t", "havip-1", "10.0.0.1", lifecycle.FoundAbsent)
	f.adopt(t, "a", "token-a", "havip-1", "10.0.0.1", lifecycle.FoundApplied)
	f.adopt(t, "a", "token-a", "havip-2", "10.0.0.2", lifecycle.FoundFinished)
	rec := f.item(t, "a").Record
	equal(t, "record", []string{string(rec.State), rec.HaVIPID, rec.PrivateIPAddress}, []string{"adopted", "havip-1", "10.0.0.1"})
	equal(t, "doubt", rec.Unknown, false)
	f.adopt(t, "bare", "token-bare", "havip-3", "", lifecycle.FoundApplied)
	equal(t, "addresses to learn", f.batch(t).Unconfirmed, int64(1))
	equal(t, "counts", f.batch(t).Counts, map[ledger.State]int64{ledger.Adopted: 2, ledger.Waiting: 1, ledger.Sending: 1})
}

func (f *ledgerFixture) renew(t *testing.T, key, token, next string, want lifecycle.Found) {
	t.Helper()
	result, _, err := f.Renew(t.Context(), batch, key, ledger.Record{ClientToken: token, Sends: 1}, next, "proof")
	if err != nil || result != want {
		t.Errorf("renew %s: got %s, %v; want %s", key, result, err, want)
	}
}

// absent proves by two listings that an item of unknown outcome does not exist, when its token is dead.
func (f *ledgerFixture) absent(t *testing.T, key, next string, want lifecycle.Absence) {
	t.Helper()
	seen := f.item(t, key).Record
	o := lifecycle.AbsenceTerms{Next: next, ListedAt: 1, TokenMaxAge: time.Hour, ClockOffset: 100 * time.Hour}
	for _, want := range []lifecycle.Absence{lifecycle.AbsenceAgain, want} {
		got, err := f.RecordAbsence(t.Context(), batch, key, seen, o)
		if err != nil || got.Result != want {
			t.Fatalf("absence of %s: got %s, %v; want %s", key, got.Result, err, want)
		}
		o.ListedAt += lifecycle.Uptime(time.Hour.Milliseconds())
	}
}

func testRenew(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.renew(t, "a", "token-a", "next-a", lifecycle.FoundLate)
	f.record(t, "a", 1, mismatchOutcome, lifecycle.RecordedApplied)
	f.pass(30 * time.Hour)
	f.begin(t, "a", terms("t2"), lifecycle.StartLookup)
	f.renew(t, "a", "another", "next-a", lifecycle.FoundForeign)
	f.renew(t, "nobody", "t", "next", lifecycle.FoundAbsent)
	f.renew(t, "a", "token-a", "next-a", lifecycle.FoundLate) // a request of unknown outcome may have created its HaVIP
	f.absent(t, "a", "next-a", lifecycle.AbsenceRenewed)
	f.renew(t, "a", "token-a", "next-a", lifecycle.FoundSame)
	rec := f.item(t, "a").Record
	equal(t, "generation", rec.Generation, 2)
	equal(t, "token", rec.ClientToken, "next-a")
	equal(t, "doubt", rec.Unknown || rec.Lookup, false)
	equal(t, "state", rec.State, ledger.Queued)

	o := terms("t3")
	o.ClientToken = "token-a"
	f.begin(t, "a", o, lifecycle.StartForeign)
	f.begin(t, "a", terms("t3"), lifecycle.StartSend)
	// The answer of the first generation's request comes after all: it is a proof.
	f.record(t, "a", 1, createdOutcome, lifecycle.RecordedApplied)
	f.renew(t, "a", "next-a", "third", lifecycle.FoundFinished)
	equal(t, "sends over generations", len(f.attempts(t, "a")), 2)
}

// What was looked up says nothing about a request that was begun since.
func testLookupIsOfItsMoment(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.record(t, "a", 1, unknownOutcome, lifecycle.RecordedApplied)
	f.begin(t, "a", terms("t2"), lifecycle.StartSend)
	f.adopt(t, "a", "token-a", "havip-1", "10.0.0.1", lifecycle.FoundLate)
	f.renew(t, "a", "token-a", "next-a", lifecycle.FoundLate)
	f.pass(time.Hour) // its worker died: only the next begin says what that means
	f.renew(t, "a", "token-a", "next-a", lifecycle.FoundLate)
	f.begin(t, "a", over(terms("t3"), "t2"), lifecycle.StartSend)
	f.record(t, "a", 3, unknownOutcome, lifecycle.RecordedApplied)
	f.renew(t, "a", "token-a", "next-a", lifecycle.FoundLate)
	f.adopt(t, "a", "token-a", "havip-1", "10.0.0.1", lifecycle.FoundLate)
	equal(t, "doubt", f.item(t, "a").Record.Unknown, true)
}

// A request of an earlier token that was thought to be over when the item was given its next one, and
// of which its worker says later that it does not know: it may have been carried out since.
func testDoubtAboutAnEarlierToken(t *testing.T, f *ledgerFixture) {
	f.register(t, "open", "rejected")
	for _, key := range []string{"open", "rejected"} {
		f.begin(t, key, terms("t1"), lifecycle.StartSend)
		f.pass(time.Minute)
		f.begin(t, key, over(terms("t2"), "t1"), lifecycle.StartSend)
		f.record(t, key, 2, unknownOutcome, lifecycle.RecordedApplied)
		f.absent(t, key, "next-"+key, lifecycle.AbsenceRenewed)
	}
	f.sent(t, rejectedOutcome, "rejected")
	for _, key := range []string{"open", "rejected"} {
		f.record(t, key, 1, unknownOutcome, lifecycle.RecordedLate)
	}
	f.begin(t, "open", terms("t3"), lifecycle.StartLookup)
	f.absent(t, "open", "third", lifecycle.AbsenceRenewed)
	f.begin(t, "open", terms("t4"), lifecycle.StartSend)

	rec := f.item(t, "rejected").Record
	equal(t, "what was rejected stays so", rec.State, ledger.Rejected)
	way, _ := rec.RetryAction()
	equal(t, "but is looked for when it is tried again", way, lifecycle.RetryLookUpFirst)
}

func testClaims(t *testing.T, f *ledgerFixture) {
	claim := func(id, name, key string) ledger.Owner {
		t.Helper()
		owner, err := f.ClaimHaVIP(t.Context(), "default/bj", id, ledger.Owner{Batch: name, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		return owner
	}
	first := ledger.Owner{Batch: "a/b", Key: "c"}
	equal(t, "first", claim("havip-1", "a/b", "c"), first)
	equal(t, "again", claim("havip-1", "a/b", "c"), first)
	equal(t, "another's", claim("havip-1", "a", "b/c"), first)
	later := first
	later.ForgottenGeneration = 3
	standing, err := f.ClaimHaVIP(t.Context(), "default/bj", "havip-1", later)
	equal(t, "of the item of before its batch was forgotten", []any{standing, err}, []any{first, nil})
	standing, err = f.ClaimHaVIP(t.Context(), "default/bj", "havip-3", later)
	equal(t, "of the later item", []any{standing, err}, []any{later, nil})
	owners, err := f.Owners(t.Context(), []string{"havip-1", "havip-2"})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "owners", owners, map[string]ledger.Owner{"havip-1": first})
	f.claimsOfOtherLanes(t, first)
}

// claimsOfOtherLanes: what one lane's item owns is no other's, whatever the lanes are called; but whose key shows it is the lane's
// alone.
func (f *ledgerFixture) claimsOfOtherLanes(t *testing.T, first ledger.Owner) {
	t.Helper()
	for _, lane := range []string{"team/bj", "default/gz"} {
		owner, err := f.ClaimHaVIP(t.Context(), lane, "havip-1", ledger.Owner{Batch: "other", Key: "c"})
		equal(t, "claimed in "+lane, []any{owner, err}, []any{first, nil})
	}
	for lane, owns := range map[string]bool{"default/bj": true, "team/bj": false, "default/gz": false} {
		own, err := f.OwnsAny(t.Context(), lane, []string{"havip-2", "havip-1"})
		equal(t, lane+" owns some", []any{own, err}, []any{owns, nil})
		some, err := f.SomeHaVIPs(t.Context(), lane, 10)
		equal(t, lane+" has some", []any{len(some) > 0, err}, []any{owns, nil})
	}
}

// What an item of a deleted batch owns can be taken over, once; what any other item owns cannot.
func testTakeHaVIPs(t *testing.T, f *ledgerFixture) {
	taking := func(batch, key string, forgotten int, id string) ledger.Item {
		return ledger.Item{
			Batch: batch, Spec: ledger.Spec{Key: key, Account: "default", Region: "gz"},
			Record: ledger.Record{HaVIPID: id, ForgottenGeneration: forgotten},
		}
	}
	take := func(what string, item ledger.Item, want ledger.Owner) {
		t.Helper()
		owners, err := f.TakeHaVIPs(t.Context(), []ledger.Item{item})
		equal(t, what, []any{owners, err}, []any{[]ledger.Owner{want}, nil})
	}
	f.register(t, "a", "b")
	f.sent(t, createdOutcome, "a", "b")
	f.commit(t)
	a := f.item(t, "a")
	id := a.Record.HaVIPID
	if err := f.KeepClaims(t.Context(), "default/bj", []ledger.Item{a}); err != nil {
		t.Fatal(err)
	}
	other := taking("other", "x", 0, id)
	take("of an item", other, a.Owner())
	take("of nobody", taking("other", "y", 0, "havip-free"), ledger.Owner{Batch: "other", Key: "y"})
	take("of an import that has registered nothing yet", taking("third", "y", 0, "havip-free"), ledger.Owner{Batch: "other", Key: "y"})

	f.forget(t, false, ledger.ForgottenNow)
	take("of a deleted batch", other, other.Owner())
	take("taken already", taking("third", "x", 0, id), other.Owner())

	again := taking(batch, "a", 1, "havip-again")
	take("of an item of the later batch", again, again.Owner())
	f.register(t, "a")
	f.cancel(t, "a")
	f.commit(t)
	take("while that batch is there", taking("third", "x", 0, "havip-again"), again.Owner())
	f.forget(t, false, ledger.ForgottenNow)
	third := taking("third", "x", 0, "havip-again")
	take("of the later batch, deleted without a new token", third, third.Owner())
}
