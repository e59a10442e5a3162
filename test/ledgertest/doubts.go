package ledgertest

import (
	"testing"
	"time"

	"havip/ledger"
)

// The oldest doubt is that of an unfinished item, from the first request that may have done something.
func testOldestDoubt(t *testing.T, b *bench) {
	oldest := func(want ledger.Millis) {
		t.Helper()
		got, err := b.OldestDoubt(t.Context(), batch)
		equal(t, "oldest doubt", got, want)
		equal(t, "error", err, nil)
	}
	oldest(0)
	b.register(t, "first", "second", "sure", "reviewed")
	at := ledger.Millis(b.clock().UnixMilli())
	o := terms("t1")
	o.ClockOffset = 3 * time.Hour // BCE's clock is no measure here
	b.begin(t, "first", o, ledger.Begun)
	b.record(t, "first", 1, unknownOutcome, ledger.Applied)
	b.pass(time.Second)
	b.sent(t, unknownOutcome, "second", "reviewed")
	b.sent(t, rejectedOutcome, "sure")
	oldest(at)
	b.begin(t, "first", o, ledger.Begun) // on its way again, and in doubt still
	oldest(at)
	b.record(t, "first", 2, createdOutcome, ledger.Applied)
	oldest(at + 1000)
	b.settle(t, ledger.Review, "reviewed")
	b.renew(t, "second", "token-second", "next", ledger.Applied)
	oldest(0)
}
