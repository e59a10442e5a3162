package ledgertest

import (
	"testing"
	"time"

	"havip/ledger"
	"havip/lifecycle"
)

func testActive(t *testing.T, f *ledgerFixture) {
	equal(t, "none", f.active(t), []string(nil))
	f.register(t, "a")
	equal(t, "registered", f.active(t), []string{batch})
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	equal(t, "sending", f.active(t), []string{batch})
	f.record(t, "a", 1, createdOutcome, lifecycle.RecordedApplied)
	equal(t, "finished", f.active(t), []string(nil))
	f.pass(time.Second)
	f.register(t, "a", "b")
	equal(t, "registered into again", f.active(t), []string{batch})
}

// A batch that is registered into while a reader finds it finished stays listed, though the clock has not moved, or has
// moved back.
func testActiveAgain(t *testing.T, f *ledgerFixture) {
	listed := func() float64 {
		t.Helper()
		score, err := f.rdb.ZScore(t.Context(), "havip:active", batch).Result()
		if err != nil {
			t.Fatal(err)
		}
		return score
	}
	f.register(t, "a")
	first := listed()
	f.register(t, "b")
	second := listed()
	f.pass(-time.Minute)
	f.register(t, "c")
	if third := listed(); second <= first || third <= second {
		t.Errorf("listed with %.0f, %.0f, %.0f: a reader that saw one does not see the next", first, second, third)
	}
}

func (f *ledgerFixture) active(t *testing.T) []string {
	t.Helper()
	names, err := f.Active(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	pruned, err := f.PruneActive(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "pruned", pruned, names)
	return names
}

func testStale(t *testing.T, f *ledgerFixture) {
	var next ledger.StaleCursor
	stale := func(from ledger.StaleCursor, limit int64) []string {
		t.Helper()
		items, cursor, err := f.Stale(t.Context(), batch, time.Minute, from, limit)
		if err != nil {
			t.Fatal(err)
		}
		next = cursor
		keys := []string{}
		for _, item := range items {
			keys = append(keys, item.Key)
		}
		return keys
	}
	start := ledger.StaleCursor{}
	f.register(t, "a")
	f.pass(time.Second)
	f.register(t, "b", "c", "d")
	equal(t, "fresh", stale(start, 10), []string{})
	f.pass(time.Minute)
	f.register(t, "e")
	equal(t, "all", stale(start, 10), []string{"a", "b", "c", "d"})
	equal(t, "all were read", next == start, true)
	equal(t, "a page", stale(start, 2), []string{"a", "b"})
	after := next
	equal(t, "the next page", stale(after, 2), []string{"c", "d"})
	equal(t, "after the last", stale(next, 2), []string{})
	equal(t, "after the last, the end", next == start, true)
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	equal(t, "one before has changed", stale(after, 2), []string{"c", "d"})
	f.begin(t, "b", terms("t1"), lifecycle.StartSend)
	equal(t, "the last one has changed", stale(after, 10), []string{"c", "d"})
}

func testFinished(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "b")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.record(t, "a", 1, createdOutcome, lifecycle.RecordedApplied)
	finished, err := f.Finished(t.Context(), batch, []string{"b", "a", "unknown"})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "finished", finished, []bool{false, true, false})
}
