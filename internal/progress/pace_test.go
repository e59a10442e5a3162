package progress

import (
	"math"
	"testing"
	"time"
)

func TestFigures(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)
	five, none := 5.0, 0.0
	for want, f := range map[string]Figures{
		"0/0 · 0 %":   {},
		"0/200 · 0 %": {Total: 200},
		"347/2,000 · 17 % · 5.0/s of 5 allowed · 5m30s left · ends 12:05": {Done: 347, Total: 2000, Rate: 5.008, Allowed: &five},
		"1,000/3,000 · 33 % · 100/s · 20s left · ends 12:00":              {Done: 1000, Total: 3000, Rate: 100, Allowed: &none},
		"20/50 · 40 % · 2/min of 5/s allowed · 15m00s left · ends 12:15":  {Done: 20, Total: 50, Rate: 2.0 / 60, Allowed: &five},
		"4/9 · 44 % · 4/h · 1h15m left · ends 13:15":                      {Done: 4, Total: 9, Rate: 4.0 / 3600},
		"30/50 · 60 % · 7.5/s, limit 5 requests/s · 2s left · ends 12:00": {Done: 30, Total: 50, Rate: 7.5, Allowed: &five},
		"1,000/1,000 · 100 % · 100/s":                                     {Done: 1000, Total: 1000, Rate: 100},
		"1,999/2,000 · 99 %":                                              {Done: 1999, Total: 2000},
		"347/2,000 · 17 % · paused":                                       {Done: 347, Total: 2000, Rate: 5, Allowed: &five, Stopped: "paused"},
	} {
		if got := f.Text(now); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// The rate counts recent ends, independent of when it is read, and falls while nothing ends.
func TestRateOf(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	every := func(n int, first, step time.Duration) (ends []time.Time) {
		for i := range n {
			ends = append(ends, now.Add(-first-time.Duration(i)*step))
		}
		return ends
	}
	for name, c := range map[string]struct {
		ends []time.Time
		want float64
	}{
		"nothing ended":               {nil, 0},
		"one ended":                   {every(1, time.Second, 0), 0},
		"too early":                   {every(5, 0, time.Millisecond), 0},
		"five a second":               {every(100, 0, time.Second/5), 5},
		"faster of late":              {append(every(100, 0, time.Second/5), every(50, time.Minute, time.Minute)...), 5},
		"one a minute":                {every(100, 0, time.Minute), 1.0 / 60},
		"stopped half a minute ago":   {every(10, 30*time.Second, time.Second), 8.0 / 38},
		"a burst, then five a second": {append(every(40, 0, time.Second/5), every(5, 8*time.Second, time.Millisecond)...), 5},
		"only a burst":                {every(5, 3*time.Second, time.Millisecond), 0},
		"a burst, then one a minute":  {append(every(2, 0, time.Minute), every(5, 2*time.Minute, time.Millisecond)...), 2.0 / 120},
		"nothing ended for a while":   {every(10, 2*time.Hour, time.Second), 0},
	} {
		if got := RateOf(c.ends, now); math.Abs(got-c.want) > 0.001*c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// An old slow phase does not affect the current rate.
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
