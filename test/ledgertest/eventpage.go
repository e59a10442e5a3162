package ledgertest

import (
	"testing"

	"havip/ledger"
	"havip/lifecycle"
)

func testEventPage(t *testing.T, f *ledgerFixture) {
	equal(t, "of no batch", f.eventPage(t, "", 10), ledger.EventPage{})
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.record(t, "a", 1, unknownOutcome, lifecycle.RecordedApplied)
	if err := f.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	all := f.events(t)
	equal(t, "the first", f.eventPage(t, "", 2), ledger.EventPage{Events: all[:2]})
	equal(t, "the next", f.eventPage(t, all[1].ID, 2), ledger.EventPage{Events: all[2:]})
	equal(t, "no more", f.eventPage(t, all[2].ID, 2), ledger.EventPage{})

	if err := f.rdb.XTrimMaxLen(t.Context(), "havip:{"+batch+"}:events", 1).Err(); err != nil {
		t.Fatal(err)
	}
	equal(t, "after one that is forgotten", f.eventPage(t, all[0].ID, 2), ledger.EventPage{Events: all[2:], Forgotten: true})
	equal(t, "from the oldest kept", f.eventPage(t, "", 2), ledger.EventPage{Events: all[2:]})
	equal(t, "after the oldest kept", f.eventPage(t, all[2].ID, 2), ledger.EventPage{})
	if _, err := f.EventPage(t.Context(), batch, "yesterday", 2); err == nil {
		t.Error("no error of an ID that is none")
	}
}

func (f *ledgerFixture) eventPage(t *testing.T, after string, limit int64) ledger.EventPage {
	t.Helper()
	page, err := f.EventPage(t.Context(), batch, after, limit)
	if err != nil {
		t.Fatal(err)
	}
	return page
}
