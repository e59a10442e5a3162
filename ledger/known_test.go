package ledger

import (
	"testing"
	"time"

	"havip/lifecycle"
)

// What was read long ago is read again.
func TestRecall(t *testing.T) {
	t.Parallel()
	now := time.Now()
	record := Record{State: Queued, Generation: 1}
	for _, test := range []struct {
		name string
		at   time.Time
		want bool
	}{
		{"just read", now, true},
		{"read a moment ago", now.Add(-5 * time.Second), true},
		{"read long ago", now.Add(-time.Minute), false},
	} {
		r := read{record: "text", at: test.at}
		r.Record, r.readAt = record, 1000
		got, ok := New(nil).recall(Known{r}, func(Record) lifecycle.LogKey { return lifecycle.LogKey{} })
		if ok != test.want || ok && got.Now < 1000 {
			t.Errorf("%s: recalled %t, at %d", test.name, ok, got.Now)
		}
	}
	if _, ok := New(nil).recall(Known{}, noEntry); ok {
		t.Error("recalled what was never read")
	}
}

// A wall clock that was set, or a machine that was suspended, would date a request wrongly.
func TestClocksAgree(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		monotonic, wall time.Duration
		want            bool
	}{
		{5 * time.Second, 5 * time.Second, true},
		{5 * time.Second, 5100 * time.Millisecond, true},
		{5 * time.Second, 15 * time.Second, false},
		{5 * time.Second, -5 * time.Second, false},
	} {
		if got := agree(test.monotonic, test.wall); got != test.want {
			t.Errorf("%s and %s: %t", test.monotonic, test.wall, got)
		}
	}
}

// The time since the read counts once, however often the item is recalled.
func TestRecallTwice(t *testing.T) {
	t.Parallel()
	known := Known{read{record: "text", at: time.Now().Add(-10 * time.Second), readAt: 1_000_000}}
	for range 3 {
		r, ok := New(nil).recall(known, noEntry)
		if ahead := r.Now - 1_010_000; !ok || ahead < 0 || ahead > 5_000 {
			t.Fatalf("now is %d ms after the read, want 10 s", r.Now-1_000_000)
		}
		known = Known{r}
	}
}
