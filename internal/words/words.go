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
