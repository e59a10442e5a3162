package bulk

import (
	"testing"

	"havip/ledger"
)

// What somebody has withdrawn is taken up again only when it is asked for.
func TestRetryOfCanceledItems(t *testing.T) {
	t.Parallel()
	canceled := ledger.Item{Record: ledger.Record{State: ledger.Canceled}}
	for where, want := range map[string]string{"": None, "account=team": None, "state=canceled": "restart", "key=a": "restart"} {
		chosen, err := ParseSelection(split(where))
		if err != nil {
			t.Fatal(err)
		}
		if d := evaluateRetry(canceled, chosen); d.Action != want || (d.Why == "") == (want == None) {
			t.Errorf("%q: %+v", where, d)
		}
	}
}
