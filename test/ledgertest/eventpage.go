package ledgertest

import (
	"testing"

	"havip/ledger"
)

func testEventPage(t *testing.T, b *bench) {
	equal(t, "of no batch", b.eventPage(t, "", 10), ledger.EventPage{})
	b.register(t, "a")
	b.begin(t, "a", terms("t1"), ledger.Begun)
	b.record(t, "a", 1, unknownOutcome, ledger.Applied)
	if err := b.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	all := b.events(t)
	equal(t, "the first", b.eventPage(t, "", 2), ledger.EventPage{Events: all[:2]})
	equal(t, "the next", b.eventPage(t, all[1].ID, 2), ledger.EventPage{Events: all[2:]})
	equal(t, "no more", b.eventPage(t, all[2].ID, 2), ledger.EventPage{})

	if err := b.rdb.XTrimMaxLen(t.Context(), "havip:{"+batch+"}:events", 1).Err(); err != nil {
		t.Fatal(err)
	}
	equal(t, "after one that is forgotten", b.eventPage(t, all[0].ID, 2), ledger.EventPage{Events: all[2:], Forgotten: true})
	equal(t, "from the oldest kept", b.eventPage(t, "", 2), ledger.EventPage{Events: all[2:]})
	equal(t, "after the oldest kept", b.eventPage(t, all[2].ID, 2), ledger.EventPage{})
	if _, err := b.EventPage(t.Context(), batch, "yesterday", 2); err == nil {
		t.Error("no error of an ID that is none")
	}
}

func (b *bench) eventPage(t *testing.T, after string, limit int64) ledger.EventPage {
	t.Helper()
	page, err := b.EventPage(t.Context(), batch, after, limit)
	if err != nil {
		t.Fatal(err)
	}
	return page
}
