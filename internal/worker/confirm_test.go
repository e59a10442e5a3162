package worker

import (
	"testing"
	"time"
)

func TestPauseAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		looked int
		took   time.Duration
		want   time.Duration
	}{
		{"nothing to confirm", 0, time.Millisecond, confirmEvery},
		{"few", confirmMany - 1, time.Millisecond, confirmEvery},
		{"many", confirmMany, time.Millisecond, confirmSoon},
		{"many, by a slow listing", 10 * confirmMany, 3 * time.Second, 3 * time.Second},
		{"few, by a slow listing", 1, 3 * time.Second, 3 * time.Second},
		{"a stalled round", 1, time.Hour, confirmLatest},
	} {
		if got := pauseAfter(c.looked, c.took); got != c.want {
			t.Errorf("%s: %v; want %v", c.name, got, c.want)
		}
	}
}
