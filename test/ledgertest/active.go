package ledgertest

import (
	"testing"
	"time"

	"havip/ledger"
)

func testActive(t *testing.T, b *bench) {
	equal(t, "none", b.active(t), []string(nil))
	b.register(t, "a")
	equal(t, "registered", b.active(t), []string{batch})
	b.begin(t, "a", terms("t1"), ledger.Begun)
	equal(t, "sending", b.active(t), []string{batch})
	b.record(t, "a", 1, createdOutcome, ledger.Applied)
	equal(t, "finished", b.active(t), []string(nil))
	b.pass(time.Second)
	b.register(t, "a", "b")
	equal(t, "registered into again", b.active(t), []string{batch})
}

func (b *bench) active(t *testing.T) []string {
	t.Helper()
	names, err := b.Active(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func testStale(t *testing.T, b *bench) {
	stale := func(skip, limit int64) []string {
		t.Helper()
		items, err := b.Stale(t.Context(), batch, time.Minute, skip, limit)
		if err != nil {
			t.Fatal(err)
		}
		keys := []string{}
		for _, item := range items {
			keys = append(keys, item.Key)
		}
		return keys
	}
	b.register(t, "a")
	b.pass(time.Second)
	b.register(t, "b", "c")
	equal(t, "fresh", stale(0, 10), []string{})
	b.pass(time.Minute)
	equal(t, "all", stale(0, 10), []string{"a", "b", "c"})
	equal(t, "a page", stale(1, 1), []string{"b"})
	b.begin(t, "a", terms("t1"), ledger.Begun)
	equal(t, "one has moved", stale(0, 10), []string{"b", "c"})
}
