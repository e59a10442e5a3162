package bulk

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"havip/ledger"
)

// A forecast says of counters what a plan says of items.
func TestForecast(t *testing.T) {
	t.Parallel()
	b := ledger.Batch{
		Unconfirmed: 2,
		Counts: map[ledger.State]int64{
			ledger.Queued: 5, ledger.Sending: 1, ledger.Unknown: 3, ledger.Created: 10, ledger.Adopted: 4, ledger.Rejected: 6, ledger.Review: 1, ledger.Canceled: 2,
		},
	}
	for name, test := range map[string]struct {
		op     Operation
		wheres []string
		want   map[string]int64
	}{
		"retry":                 {Retry(), nil, map[string]int64{"run-now": 8, "new-token": 6, "look-up-first": 1, None: 17}},
		"retry canceled":        {Retry(), []string{"state=canceled"}, map[string]int64{"new-token": 2}},
		"cancel":                {Cancel(), nil, map[string]int64{"cancel": 5, "after-outcome": 4, None: 23}},
		"rollback of confirmed": {Rollback(), nil, map[string]int64{"delete": 8, None: 24}},
	} {
		chosen, err := ParseSelection(test.wheres)
		if err != nil {
			t.Fatal(err)
		}
		plan, ok := test.op.Forecast(b, chosen)
		got := map[string]int64{}
		for _, row := range plan.Rows() {
			got[row.Action] += row.Items
		}
		if diff := cmp.Diff(test.want, got); !ok || diff != "" {
			t.Errorf("%s: %t, -want +got\n%s", name, ok, diff)
		}
	}
	for _, where := range []string{"key=a", "code=X", "subnetId=sbn-1", "region=bj"} {
		chosen, err := ParseSelection([]string{where})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := Cancel().Forecast(b, chosen); ok {
			t.Errorf("%s: counters cannot tell", where)
		}
	}
}
