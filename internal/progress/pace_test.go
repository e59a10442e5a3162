package progress

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		over        time.Duration
		done, total int64
		want        string
	}{
		"too early":       {time.Second / 2, 100, 200, ""},
		"nothing moves":   {time.Minute, 0, 200, ""},
		"by the second":   {10 * time.Second, 1000, 3000, "100/s, 20s left"},
		"by the minute":   {10 * time.Minute, 20, 50, "2/min, 15m left"},
		"by the hour":     {time.Hour, 4, 9, "4/h, 1h left"},
		"nothing is left": {10 * time.Second, 1000, 1000, "100/s"},
	} {
		var p pace
		p.note(begin, 0)
		if got := p.describe(begin.Add(test.over), test.done, test.total); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// What was slow long ago does not weigh on what is fast now.
func TestPaceIsOfLate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var p pace
	p.note(now, 0)
	done := int64(0)
	for range 60 {
		now, done = now.Add(time.Second), done+50
		p.note(now.Add(time.Hour), done)
	}
	if got := p.perSecond(now.Add(time.Hour), done); got != 50 {
		t.Errorf("got %v a second, want 50", got)
	}
}
