package bulk

import (
	"testing"

	"havip/ledger"
)

func TestTally(t *testing.T) {
	t.Parallel()
	var tally Tally
	for range 2 {
		tally.add(Decision{Action: None, Why: "its HaVIP exists"}, ledger.Created)
		tally.add(Decision{Action: "new-token"}, ledger.Rejected)
	}
	tally.add(Decision{Action: "run-now"}, ledger.Waiting)
	if eligible, left := tally.Eligible(), tally.Left(); eligible != 3 || left != 2 {
		t.Errorf("got %d eligible, and %d left", eligible, left)
	}
	if got, want := tally.summary(), "new-token: 2 rejected; run-now: 1 waiting; none: 2 created"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if last := tally.Rows()[2]; last.Action != None {
		t.Errorf("got %+v last, want what is left alone", last)
	}
}
