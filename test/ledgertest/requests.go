package ledgertest

import (
	"fmt"
	"testing"

	"havip/ledger"
)

func testRequests(t *testing.T, f *ledgerFixture) {
	claim := func(region, digest, batch string, replace ledger.Owner) ledger.RequestClaim {
		return ledger.RequestClaim{Region: region, Digest: digest, Item: ledger.Owner{Batch: batch, Key: "a"}, Replace: replace}
	}
	one, two, three := ledger.Owner{Batch: "one", Key: "a"}, ledger.Owner{Batch: "two", Key: "a"}, ledger.Owner{Batch: "three", Key: "a"}
	nobody := ledger.Owner{}
	f.claimRequests(t, "of nobody", []ledger.RequestClaim{claim("bj", "d", "one", nobody)}, one)
	f.claimRequests(t, "again, and in another region", []ledger.RequestClaim{
		claim("bj", "d", "one", nobody), claim("gz", "d", "two", nobody), claim("bj", "e", "two", nobody),
	}, one, two, two)
	f.claimRequests(t, "of another", []ledger.RequestClaim{claim("bj", "d", "two", nobody)}, one)
	f.claimRequests(t, "replaced by mistake", []ledger.RequestClaim{claim("bj", "d", "two", three)}, one)
	f.claimRequests(t, "replaced, once", []ledger.RequestClaim{claim("bj", "d", "two", one), claim("bj", "d", "three", one)}, two, two)

	owners, err := f.RequestOwners(t.Context(), []ledger.RequestClaim{claim("gz", "e", "", nobody), claim("bj", "d", "", nobody), claim("gz", "d", "", nobody)})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "owners", owners, []ledger.Owner{nobody, two, two})

	const n = 1234
	many, want := make([]ledger.RequestClaim, n), make([]ledger.Owner, n)
	for i := range many {
		want[i] = ledger.Owner{Batch: "many", Key: fmt.Sprint("k", i)}
		many[i] = ledger.RequestClaim{Region: "bj", Digest: fmt.Sprint("m", i), Item: want[i]}
	}
	f.claimRequests(t, "many", many, want...)
}

func (f *ledgerFixture) claimRequests(t *testing.T, what string, claims []ledger.RequestClaim, want ...ledger.Owner) {
	t.Helper()
	owners, err := f.ClaimRequests(t.Context(), claims)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, what, owners, want)
}
