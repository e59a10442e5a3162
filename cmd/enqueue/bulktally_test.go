package main

import (
	"testing"

	"havip/ledger"
)

func TestBulkTally(t *testing.T) {
	t.Parallel()
	var tally bulkTally
	for range 2 {
		tally.add(deed{none, "its HaVIP exists"}, ledger.Created)
		tally.add(deed{"new-token", ""}, ledger.Rejected)
	}
	tally.add(deed{"hurry", ""}, ledger.Waiting)
	if got, want := tally.line("retry"), "Retry: 3 items eligible, 2 not"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := tally.summary(), "hurry: 1 waiting; new-token: 2 rejected; none: 2 created"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := tally.rows[2].String(), "none: 2 created: its HaVIP exists"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What somebody has withdrawn is taken up again only when it is asked for.
func TestRetryOfCanceledItems(t *testing.T) {
	t.Parallel()
	canceled := ledger.Item{Record: ledger.Record{State: ledger.Canceled}}
	for where, want := range map[string]string{"": none, "account=team": none, "state=canceled": "anew", "key=a": "anew"} {
		chosen, err := parseSelection(split(where))
		if err != nil {
			t.Fatal(err)
		}
		if action, why := judgeRetry(canceled, chosen); action != want || (why == "") == (want == none) {
			t.Errorf("%q: %s, %s", where, action, why)
		}
	}
}
