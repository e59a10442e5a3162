package ledgertest

import (
	"testing"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

// The oldest unknown outcome is that of an unfinished item, from the first request that may have created something.
func testOldestUnknown(t *testing.T, f *ledgerFixture) {
	oldest := func(want ledger.Millis) {
		t.Helper()
		got, err := f.OldestUnknown(t.Context(), batch)
		equal(t, "oldest unknown", got, want)
		equal(t, "error", err, nil)
	}
	oldest(0)
	f.register(t, "first", "second", "sure", "reviewed")
	at := ledger.Millis(f.clock().UnixMilli())
	o := terms("t1")
	o.ClockOffset = 3 * time.Hour // BCE's clock is no measure here
	f.begin(t, "first", o, lifecycle.StartSend)
	f.record(t, "first", 1, unknownOutcome, lifecycle.RecordedApplied)
	f.pass(time.Second)
	f.sent(t, unknownOutcome, "second", "reviewed")
	f.sent(t, rejectedOutcome, "sure")
	oldest(at)
	f.begin(t, "first", o, lifecycle.StartSend) // sent again, and still unknown
	oldest(at)
	f.record(t, "first", 2, createdOutcome, lifecycle.RecordedApplied)
	oldest(at + 1000)
	f.settle(t, ledger.Review, "reviewed")
	f.absent(t, "second", "next", lifecycle.AbsenceRenewed)
	oldest(0)
}
