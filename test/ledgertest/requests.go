package ledgertest

import (
	"fmt"
	"testing"

	"havip/ledger"
)

func testRequests(t *testing.T, f *ledgerFixture) {
	owner := func(batch string) ledger.RequestOwner {
		return ledger.RequestOwner{Owner: ledger.Owner{Batch: batch, Key: "a"}}
	}
	claim := func(digest, batch string, replace ledger.RequestOwner) ledger.RequestClaim {
		return ledger.RequestClaim{Digest: digest, Owner: owner(batch), Replace: replace}
	}
	one, two, three := owner("one"), owner("two"), owner("three")
	nobody := ledger.RequestOwner{}
	f.claimRequests(t, "of nobody", []ledger.RequestClaim{claim("d", "one", nobody)}, one)
	f.claimRequests(t, "again, and another", []ledger.RequestClaim{claim("d", "one", nobody), claim("e", "two", nobody)}, one, two)
	f.claimRequests(t, "of another", []ledger.RequestClaim{claim("d", "two", nobody)}, one)
	f.claimRequests(t, "replaced by mistake", []ledger.RequestClaim{claim("d", "two", three)}, one)
	f.claimRequests(t, "replaced, once", []ledger.RequestClaim{claim("d", "two", one), claim("d", "three", one)}, two, two)

	left := two
	left.ForgottenGeneration, left.Left = 3, &ledger.LeftBehind{HaVIPID: "havip-1", Address: "10.0.0.1"}
	review := one
	review.Left = &ledger.LeftBehind{}
	f.claimRequests(t, "left behind", []ledger.RequestClaim{{Digest: "d", Owner: left, Replace: two}, {Digest: "f", Owner: review}}, left, review)
	f.claimRequests(t, "what is left is not the item's claim", []ledger.RequestClaim{claim("d", "three", two)}, left)

	owners, err := f.RequestOwners(t.Context(), []ledger.RequestClaim{claim("x", "", nobody), claim("d", "", nobody), claim("e", "", nobody), claim("f", "", nobody)})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "owners", owners, []ledger.RequestOwner{nobody, left, two, review})
	f.claimRequests(t, "replaced what is left", []ledger.RequestClaim{claim("d", "three", left), claim("f", "three", review)}, three, three)

	const n = 1234
	many, want := make([]ledger.RequestClaim, n), make([]ledger.RequestOwner, n)
	for i := range many {
		want[i] = ledger.RequestOwner{Owner: ledger.Owner{Batch: "many", Key: fmt.Sprint("k", i)}}
		many[i] = ledger.RequestClaim{Digest: fmt.Sprint("m", i), Owner: want[i]}
	}
	f.claimRequests(t, "many", many, want...)
}

func (f *ledgerFixture) claimRequests(t *testing.T, what string, claims []ledger.RequestClaim, want ...ledger.RequestOwner) {
	t.Helper()
	owners, err := f.ClaimRequests(t.Context(), claims)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, what, owners, want)
}
