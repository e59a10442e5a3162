package ledgertest

import (
	"testing"
	"time"

	"havip/ledger"
)

// mismatchOutcome leaves an item that must be looked for.
var mismatchOutcome = ledger.Outcome{
	State: ledger.Unknown, Class: "mismatch", Counted: true, Unknown: true, Lookup: true,
	Status: 403, Code: "IdempotentParameterMismatch",
}

func testLookupFirst(t *testing.T, b *bench) {
	b.register(t, "a")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.record(t, "a", 1, mismatchOutcome, ledger.Applied)
	start := b.begin(t, "a", terms("t2"), ledger.Lookup)
	equal(t, "the ledger's clock", start.At.Time(), b.clock())
	equal(t, "sends", b.item(t, "a").Record.Sends, 1)
}

func (b *bench) adopt(t *testing.T, key, token, id, address string, want ledger.Verdict) {
	t.Helper()
	verdict, _, err := b.Adopt(t.Context(), batch, key, ledger.Record{ClientToken: token, Sends: 1, Unknown: true}, id, address)
	if err != nil || verdict != want {
		t.Errorf("adopt %s: got %s, %v; want %s", key, verdict, err, want)
	}
}

func testAdopt(t *testing.T, b *bench) {
	b.register(t, "a", "calm", "flying", "bare")
	for _, key := range []string{"a", "calm", "flying", "bare"} {
		b.begin(t, key, terms("t1"), ledger.Begun)
	}
	b.adopt(t, "flying", "token-flying", "havip-1", "10.0.0.1", ledger.Late)
	b.record(t, "a", 1, unknownOutcome, ledger.Applied)
	b.record(t, "bare", 1, unknownOutcome, ledger.Applied)
	b.record(t, "calm", 1, throttledOutcome, ledger.Applied)
	b.adopt(t, "calm", "token-calm", "havip-1", "10.0.0.1", ledger.Late)
	b.adopt(t, "a", "another", "havip-1", "10.0.0.1", ledger.Foreign)
	b.adopt(t, "nobody", "t", "havip-1", "10.0.0.1", ledger.Absent)
	b.adopt(t, "a", "token-a", "havip-1", "10.0.0.1", ledger.Applied)
	b.adopt(t, "a", "token-a", "havip-2", "10.0.0.2", ledger.Finished)
	rec := b.item(t, "a").Record
	equal(t, "record", []string{string(rec.State), rec.HaVIPID, rec.PrivateIPAddress}, []string{"adopted", "havip-1", "10.0.0.1"})
	equal(t, "doubt", rec.Unknown, false)
	b.adopt(t, "bare", "token-bare", "havip-3", "", ledger.Applied)
	equal(t, "addresses to learn", b.batch(t).AddressPending, int64(1))
	equal(t, "counts", b.batch(t).Counts, map[ledger.State]int64{ledger.Adopted: 2, ledger.Waiting: 1, ledger.Sending: 1})
}

func (b *bench) renew(t *testing.T, key, token, next string, want ledger.Verdict) {
	t.Helper()
	verdict, _, err := b.Renew(t.Context(), batch, key, ledger.Record{ClientToken: token, Sends: 1}, next, "proof")
	if err != nil || verdict != want {
		t.Errorf("renew %s: got %s, %v; want %s", key, verdict, err, want)
	}
}

func testRenew(t *testing.T, b *bench) {
	b.register(t, "a")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.renew(t, "a", "token-a", "next-a", ledger.Late)
	b.record(t, "a", 1, mismatchOutcome, ledger.Applied)
	b.pass(30 * time.Hour)
	b.begin(t, "a", terms("t2"), ledger.Lookup)
	b.renew(t, "a", "another", "next-a", ledger.Foreign)
	b.renew(t, "nobody", "t", "next", ledger.Absent)
	b.renew(t, "a", "token-a", "next-a", ledger.Applied)
	b.renew(t, "a", "token-a", "next-a", ledger.Same)
	rec := b.item(t, "a").Record
	equal(t, "generation", rec.Generation, 2)
	equal(t, "token", rec.ClientToken, "next-a")
	equal(t, "doubt", rec.Unknown || rec.Lookup, false)
	equal(t, "state", rec.State, ledger.Queued)

	o := terms("t3")
	o.ClientToken = "token-a"
	b.begin(t, "a", o, ledger.Foreign)
	b.begin(t, "a", terms("t3"), ledger.Begun)
	// The answer of the first generation's request comes after all: it is a proof.
	b.record(t, "a", 1, createdOutcome, ledger.Applied)
	b.renew(t, "a", "next-a", "third", ledger.Finished)
	equal(t, "sends over generations", len(b.attempts(t, "a")), 2)
}

// What was looked up says nothing about a request that was begun since.
func testLookupIsOfItsMoment(t *testing.T, b *bench) {
	b.register(t, "a")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.record(t, "a", 1, unknownOutcome, ledger.Applied)
	b.begin(t, "a", terms("t2"), ledger.Begun)
	b.adopt(t, "a", "token-a", "havip-1", "10.0.0.1", ledger.Late)
	b.renew(t, "a", "token-a", "next-a", ledger.Late)
	b.pass(time.Hour) // its worker died: only the next begin says what that means
	b.renew(t, "a", "token-a", "next-a", ledger.Late)
	b.begin(t, "a", terms("t3"), ledger.Begun)
	b.record(t, "a", 3, unknownOutcome, ledger.Applied)
	b.renew(t, "a", "token-a", "next-a", ledger.Late)
	b.adopt(t, "a", "token-a", "havip-1", "10.0.0.1", ledger.Late)
	equal(t, "doubt", b.item(t, "a").Record.Unknown, true)
}

// A request of an earlier token that was thought to be over when the item was given its next one, and
// of which its worker says later that it does not know: it may have been carried out since.
func testDoubtAboutAnEarlierToken(t *testing.T, b *bench) {
	renew := func(key, next string) {
		t.Helper()
		verdict, _, err := b.Renew(t.Context(), batch, key, b.item(t, key).Record, next, "absent from a listing")
		if err != nil || verdict != ledger.Applied {
			t.Fatalf("renew %s: %s, %v", key, verdict, err)
		}
	}
	b.register(t, "open", "rejected")
	for _, key := range []string{"open", "rejected"} {
		b.begin(t, key, terms("t1"), ledger.Begun)
		b.pass(time.Minute)
		b.begin(t, key, terms("t2"), ledger.Begun)
		b.record(t, key, 2, unknownOutcome, ledger.Applied)
		renew(key, "next-"+key)
	}
	b.sent(t, rejectedOutcome, "rejected")
	for _, key := range []string{"open", "rejected"} {
		b.record(t, key, 1, unknownOutcome, ledger.Late)
	}
	b.begin(t, "open", terms("t3"), ledger.Lookup)
	renew("open", "third")
	b.begin(t, "open", terms("t4"), ledger.Begun)

	rec := b.item(t, "rejected").Record
	equal(t, "what was rejected stays so", rec.State, ledger.Rejected)
	way, _ := rec.RetryWay()
	equal(t, "but is looked for when it is tried again", way, ledger.LookFirst)
}

func testClaims(t *testing.T, b *bench) {
	claim := func(id, name, key string) ledger.Owner {
		t.Helper()
		owner, err := b.ClaimHaVIP(t.Context(), "default/bj", id, ledger.Owner{Batch: name, Key: key})
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
	later.Past = 3
	standing, err := b.ClaimHaVIP(t.Context(), "default/bj", "havip-1", later)
	equal(t, "of the item of before its batch was forgotten", []any{standing, err}, []any{first, nil})
	standing, err = b.ClaimHaVIP(t.Context(), "default/bj", "havip-3", later)
	equal(t, "of the later item", []any{standing, err}, []any{later, nil})
	owners, err := b.Owners(t.Context(), "default/bj", []string{"havip-1", "havip-2"})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "owners", owners, map[string]ledger.Owner{"havip-1": first})
	none, err := b.Owners(t.Context(), "default/gz", []string{"havip-1"})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "another lane", len(none), 0)
}
