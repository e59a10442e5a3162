package ledgertest

import (
	"testing"
	"time"

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
	stale := func(skip, limit int64) []string {
		t.Helper()
		items, err := f.Stale(t.Context(), batch, time.Minute, skip, limit)
		if err != nil {
			t.Fatal(err)
		}
		keys := []string{}
		for _, item := range items {
			keys = append(keys, item.Key)
		}
		return keys
	}
	f.register(t, "a")
	f.pass(time.Second)
	f.register(t, "b", "c")
	equal(t, "fresh", stale(0, 10), []string{})
	f.pass(time.Minute)
	equal(t, "all", stale(0, 10), []string{"a", "b", "c"})
	equal(t, "a page", stale(1, 1), []string{"b"})
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	equal(t, "one has moved", stale(0, 10), []string{"b", "c"})
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
