// Package words says numbers and times as people read them.
package words

import (
	"fmt"
	"strconv"
	"time"
)

// Count says a number with its noun.
func Count[N int | int64](n N, one, many string) string {
	noun := many
	if n == 1 {
		noun = one
	}
	return Number(n) + " " + noun
}

// Number groups thousands.
func Number[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Time says a time in one unit, rounded down.
func Time(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}

// Span says a time in two units, rounded down, such as 5m30s.
func Span(d time.Duration) string {
	seconds := max(0, int(d.Seconds()))
	switch minutes := seconds / 60; {
	case minutes == 0:
		return fmt.Sprintf("%ds", seconds)
	case minutes < 60:
		return fmt.Sprintf("%dm%02ds", minutes, seconds%60)
	case minutes < 48*60:
		return fmt.Sprintf("%dh%02dm", minutes/60, minutes%60)
	default:
		return fmt.Sprintf("%dd%dh", minutes/(24*60), minutes/60%24)
	}
}

// Clock says a moment that is soon, in local time: without the day if it is today.
func Clock(at, now time.Time) string {
	at, now = at.Local(), now.Local()
	switch {
	case at.YearDay() == now.YearDay() && at.Year() == now.Year():
		return at.Format("15:04")
	case at.Sub(now) < 6*24*time.Hour:
		return at.Format("Mon 15:04")
	default:
		return at.Format("2006-01-02")
	}
}

// Decimal says a number without an exponent.
func Decimal(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// Rate says a limit of requests a second, of which 0 is none.
func Rate(rps float64) string {
	switch rps {
	case 0:
		return "no limit"
	case 1:
		return "1 request a second"
	default:
		return Decimal(rps) + " requests a second"
	}
}
