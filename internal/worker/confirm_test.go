package worker

import (
	"testing"
	"time"
)

func TestPauseAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		last   time.Duration
		looked int
		took   time.Duration
		want   time.Duration
	}{
		{"nothing to confirm", confirmEvery, 0, time.Millisecond, confirmEvery},
		{"few", confirmEvery, confirmMany - 1, time.Millisecond, confirmEvery},
		{"many", confirmEvery, confirmMany, time.Millisecond, confirmSoon},
		{"few after many", confirmSoon, 1, time.Millisecond, 2 * confirmSoon},
		{"few after few after many", 8 * confirmSoon, 1, time.Millisecond, confirmEvery},
		{"many, by a slow listing", confirmEvery, 10 * confirmMany, 3 * time.Second, 3 * time.Second},
		{"few, by a slow listing", confirmEvery, 1, 3 * time.Second, 3 * time.Second},
		{"a stalled round", confirmEvery, 1, time.Hour, confirmLatest},
	} {
		if _, got := pauseAfter(c.last, c.looked, c.took); got != c.want {
			t.Errorf("%s: %v; want %v", c.name, got, c.want)
		}
	}
}
