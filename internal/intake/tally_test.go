package intake

import "testing"

func TestTally(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]tally{
		"nothing to do; the item is already in the batch": {same: 1},
		"2 items enqueued": {created: 2},
		"1 item enqueued, 1,000 requeued, 3 already in the batch": {created: 1, requeued: 1000, same: 3},
		"0 items enqueued, 1 requeued":                            {requeued: 1},
	} {
		if got.String() != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
