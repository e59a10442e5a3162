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
		r.Record, r.Now = record, 1000
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
