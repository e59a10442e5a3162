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
	choices := make([]ledger.Choice, len(keys))
	for i, key := range keys {
		choices[i] = ledger.Choice{Seen: f.item(t, key)}
	}
	choices[0].HaVIPID = "havip-8"
	choices[2].Seen.Record.Candidates = candidates[:1]
	answers, err := f.Resolve(t.Context(), batch, choices)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "results", []lifecycle.Commanded{answers[0].Result, answers[1].Result, answers[2].Result},
		[]lifecycle.Commanded{lifecycle.CommandApplied, lifecycle.CommandApplied, lifecycle.CommandLate})
	chosen, none := f.item(t, "chosen").Record, f.item(t, "none").Record
	equal(t, "chosen", []string{string(chosen.State), chosen.HaVIPID, chosen.PrivateIPAddress}, []string{"adopted", "havip-8", "10.0.0.8"})
	equal(t, "excluded", none.Excluded, []string{"havip-8", "havip-9"})
	if none.State != ledger.Unknown || !none.Lookup {
		t.Errorf("without candidates: %+v", none)
	}
	answers, err = f.Resolve(t.Context(), batch, choices[:2])
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "results again", []lifecycle.Commanded{answers[0].Result, answers[1].Result}, []lifecycle.Commanded{lifecycle.CommandSame, lifecycle.CommandLate})
	b := f.batch(t)
	equal(t, "counts", []int64{b.Counts[ledger.Adopted], b.Counts[ledger.Unknown], b.Counts[ledger.Review]}, []int64{1, 1, 1})
}
