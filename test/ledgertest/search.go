package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"havip/ledger"
)

// A search over more than one page finds the items of a state, and continues where it stopped.
func testSearch(t *testing.T, f *ledgerFixture) {
	keys := make([]string, 1200)
	for i := range keys {
		keys[i] = fmt.Sprintf("k%04d", i)
	}
	f.register(t, keys...)
	f.fail(t, "k0005", "k0900", "k1150", "k1199")
	code := f.item(t, "k0005").Record.Code
	search := func(q ledger.Query, next int64, want ...string) {
		t.Helper()
		q.States = []ledger.State{ledger.Rejected, ledger.Review}
		found, err := f.Search(t.Context(), batch, q)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, item := range found.Items {
			got = append(got, item.Key)
		}
		equal(t, fmt.Sprintf("found by %+v", q), got, append([]string{}, want...))
		equal(t, fmt.Sprintf("next of %+v", q), found.Next, next)
	}
	search(ledger.Query{Limit: 10, Within: time.Hour}, -1, "k0005", "k0900", "k1150", "k1199")
	search(ledger.Query{Limit: 10}, 1000, "k0005", "k0900") // one page
	search(ledger.Query{Limit: 10, From: 1000}, -1, "k1150", "k1199")
	search(ledger.Query{Limit: 1, From: 6, Within: time.Hour}, 1006, "k0900")
	search(ledger.Query{Limit: 1}, 900, "k0005") // up to the next one
	search(ledger.Query{Limit: 10, Code: code, Within: time.Hour}, -1, "k0005", "k0900", "k1150", "k1199")
	search(ledger.Query{Limit: 10, Code: code + `"`, Within: time.Hour}, -1)
	search(ledger.Query{Limit: 10, From: 5000, Within: time.Hour}, -1)

	page, err := f.Page(t.Context(), batch, 1198, 5)
	if err != nil || len(page) != 2 || page[0].Key != "k1198" || page[1].Key != "k1199" {
		t.Errorf("last page: %v, %v", page, err)
	}
}

// The newest events come first, and a page continues before the last one.
func testNewestEvents(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "b", "c")
	f.fail(t, "a", "b", "c")
	all := f.events(t)
	first, err := f.NewestEvents(t.Context(), batch, "", 2)
	if err != nil || len(first) != 2 {
		t.Fatalf("%v, %v", first, err)
	}
	rest, err := f.NewestEvents(t.Context(), batch, first[1].ID, 10)
	if err != nil {
		t.Fatal(err)
	}
	got := append(first, rest...)
	for i, event := range got {
		equal(t, "event", event, all[len(all)-1-i])
	}
	equal(t, "number", len(got), len(all))
}
