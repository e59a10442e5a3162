package progress

import (
	"fmt"
	"strings"
	"time"

	"havip/internal/words"
)

// Figures are the progress, the rate and the allowed rate.
type Figures struct {
	Done, Total int64
	// Rate is how many were done per second recently; 0 if none, or if it is too early to say.
	Rate float64
	// Allowed is the limit of requests per second, 0 for none; nil if unknown.
	Allowed *float64
	// Stopped says why there is no progress, such as a pause; "" if there is no known reason. If it is set, no time left is shown.
	Stopped string
}

// Percent is rounded down: 100 means complete.
func (f Figures) Percent() int64 {
	if f.Total == 0 {
		return 0
	}
	return f.Done * 100 / f.Total
}

// Left is how long the rest takes at the current rate; 0 if unknown.
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

// Speed is the rate and the allowed one, such as "5.0/s of 5 allowed"; "" while there is no known progress. The allowed
// rate is of requests, and items may finish faster: an adopted one needs no request, and answers that were late may come
// together. The two are then not compared: "7.5/s, limit 5 requests/s".
func (f Figures) Speed() string {
	if f.Rate == 0 || f.Stopped != "" {
		return ""
	}
	text := perTime(f.Rate)
	switch {
	case f.Allowed == nil || *f.Allowed <= 0:
		return text
	case f.Rate > *f.Allowed && text != perTime(*f.Allowed):
		return text + ", limit " + words.Decimal(*f.Allowed) + " requests/s"
	}
	text += " of " + words.Decimal(*f.Allowed)
	if !strings.HasSuffix(perTime(f.Rate), "/s") {
		text += "/s"
	}
	return text + " allowed"
}

// Pace is the speed, the time left and when it ends, or what stops it; "" if unknown.
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

// Text is all figures in one line.
func (f Figures) Text(now time.Time) string {
	if pace := f.Pace(now); pace != "" {
		return f.Count() + " · " + pace
	}
	return f.Count()
}

const (
	// fewEnds are counted regardless of their age; of more, those within paceOver.
	fewEnds = 10
	// silentAfter is the time without an end after which there is no rate.
	silentAfter = time.Hour
)

// RateOf returns how many ended per second recently, from the times of the last ends, newest first: those within half a
// minute, or the last ten if there are fewer. The rate falls while nothing ends.
//
// The ends of the first second are left out: a lane that was idle admits a burst at once, which is above its rate.
func RateOf(ends []time.Time, now time.Time) float64 {
	n := 0
	for n < len(ends) && (n < fewEnds || now.Sub(ends[n]) <= paceOver) {
		n++
	}
	if n < 2 || now.Sub(ends[0]) > silentAfter {
		return 0
	}
	first := n - 1
	for oldest := ends[first]; first > 0 && ends[first-1].Sub(oldest) <= paceEvery; {
		first--
	}
	over := now.Sub(ends[first])
	if over < paceEvery {
		return 0
	}
	return float64(first) / over.Seconds()
}

// perTime returns a rate of items in a unit in which it is at least one.
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
