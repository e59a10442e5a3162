package progress

import (
	"fmt"
	"strings"
	"time"

	"havip/internal/words"
)

// Figures are how far something is, how fast it goes on, and how fast it may.
type Figures struct {
	Done, Total int64
	// Rate is how many were done a second of late; 0 if nothing was, or it is too early to say.
	Rate float64
	// Allowed is the limit of requests a second, 0 for none; nil if it is not known.
	Allowed *float64
	// Stopped says why nothing goes on, such as a pause; "" if nothing is known to stop it. There is no time left then.
	Stopped string
}

// Percent is rounded down: 100 is all of it.
func (f Figures) Percent() int64 {
	if f.Total == 0 {
		return 0
	}
	return f.Done * 100 / f.Total
}

// Left is how long the rest takes at the present rate; 0 if that cannot be said.
func (f Figures) Left() time.Duration {
	if rest := f.Total - f.Done; f.Stopped == "" && f.Rate > 0 && rest > 0 {
		const longest = 365 * 24 * time.Hour
		return time.Duration(min(float64(rest)/f.Rate*float64(time.Second), float64(longest)))
	}
	return 0
}

// Count is how much is done, such as "347/2,000 · 17 %".
func (f Figures) Count() string {
	return fmt.Sprintf("%s/%s · %d %%", words.Number(f.Done), words.Number(f.Total), f.Percent())
}

// Speed is the rate and the one allowed, such as "5.0/s of 5 allowed"; "" while nothing is known to go on.
func (f Figures) Speed() string {
	if f.Rate == 0 || f.Stopped != "" {
		return ""
	}
	text := perTime(f.Rate)
	if f.Allowed != nil && *f.Allowed > 0 {
		text += " of " + words.Decimal(*f.Allowed)
		if !strings.HasSuffix(perTime(f.Rate), "/s") {
			text += "/s"
		}
		text += " allowed"
	}
	return text
}

// Pace is how it goes on: the speed, the time left and when it ends, or what stops it; "" if nothing is known.
func (f Figures) Pace(now time.Time) string {
	var parts []string
	for _, part := range []string{f.Stopped, f.Speed()} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if left := f.Left(); left > 0 {
		parts = append(parts, words.Span(left)+" left", "ends "+words.Clock(now.Add(left), now))
	}
	return strings.Join(parts, " · ")
}

// Text is all of it in a line.
func (f Figures) Text(now time.Time) string {
	if pace := f.Pace(now); pace != "" {
		return f.Count() + " · " + pace
	}
	return f.Count()
}

const (
	// fewEnds are looked at however long ago they were; of more, those within paceOver.
	fewEnds = 10
	// silentAfter is how long nothing may have ended for there to be a rate.
	silentAfter = time.Hour
)

// RateOf is how many ended a second of late, by when the last ones did, newest first: within half a minute, or, where few
// did, the last ten. It falls while nothing ends.
func RateOf(ends []time.Time, now time.Time) float64 {
	n := 0
	for n < len(ends) && (n < fewEnds || now.Sub(ends[n]) <= paceOver) {
		n++
	}
	if n < 2 || now.Sub(ends[0]) > silentAfter {
		return 0
	}
	over := now.Sub(ends[n-1])
	if over < paceEvery {
		return 0
	}
	return float64(n-1) / over.Seconds()
}

// perTime says a rate of items in the unit in which it is not a fraction.
func perTime(perSecond float64) string {
	switch {
	case perSecond >= 9.95:
		return words.Number(int64(perSecond+0.5)) + "/s"
	case perSecond >= 0.95:
		return fmt.Sprintf("%.1f/s", perSecond)
	case perSecond*60 >= 1:
		return fmt.Sprintf("%.0f/min", perSecond*60)
	default:
		return fmt.Sprintf("%.0f/h", perSecond*3600)
	}
}
