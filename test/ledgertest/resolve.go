package ledgertest

import (
	"testing"

	"havip/ledger"
	"havip/lifecycle"
)

// Whatever repeats a choice of candidates, the first one stands, and counters agree.
func testResolve(t *testing.T, f *ledgerFixture) {
	keys := []string{"chosen", "none", "late"}
	f.register(t, keys...)
	f.sent(t, unknownOutcome, keys...)
	candidates := []lifecycle.Candidate{{HaVIPID: "havip-8", Name: "a", Address: "10.0.0.8", CreatedAt: 1_700_000_000_000}, {HaVIPID: "havip-9"}}
	for _, key := range keys {
		if result, rec, err := f.Settle(t.Context(), batch, key, ledger.Review, "Candidates", "two", candidates...); err != nil || result != lifecycle.SettledApplied {
			t.Fatalf("settle %s: %s, %v", key, result, err)
		} else {
			equal(t, "candidates of "+key, rec.Candidates, candidates)
		}
	}
	items := make([]ledger.Item, len(keys))
	for i, key := range keys {
		items[i] = f.item(t, key)
	}
	items[2].Record.Candidates = candidates[:1]
	resolve := func(haVIPID string, items ...ledger.Item) (results []lifecycle.Commanded) {
		t.Helper()
		answers, err := f.Resolve(t.Context(), batch, haVIPID, items)
		if err != nil {
			t.Fatal(err)
		}
		for _, answer := range answers {
			results = append(results, answer.Result)
		}
		return results
	}
	equal(t, "result of a choice", resolve("havip-8", items[0]), []lifecycle.Commanded{lifecycle.CommandApplied})
	equal(t, "results of none", resolve("", items[1:]...), []lifecycle.Commanded{lifecycle.CommandApplied, lifecycle.CommandLate})
	chosen, none := f.item(t, "chosen").Record, f.item(t, "none").Record
	equal(t, "chosen", []string{string(chosen.State), chosen.HaVIPID, chosen.PrivateIPAddress}, []string{"adopted", "havip-8", "10.0.0.8"})
	equal(t, "excluded", none.Excluded, []string{"havip-8", "havip-9"})
	if none.State != ledger.Unknown || !none.Lookup {
		t.Errorf("without candidates: %+v", none)
	}
	equal(t, "the same choice again", resolve("havip-8", items[0]), []lifecycle.Commanded{lifecycle.CommandSame})
	equal(t, "none again", resolve("", items[1]), []lifecycle.Commanded{lifecycle.CommandLate})
	b := f.batch(t)
	equal(t, "counts", []int64{b.Counts[ledger.Adopted], b.Counts[ledger.Unknown], b.Counts[ledger.Review]}, []int64{1, 1, 1})
}
