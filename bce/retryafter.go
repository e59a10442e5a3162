package bce

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter prevents an overflow of the duration; a sensible cap is the caller's policy.
const maxRetryAfter = 365 * 24 * time.Hour

// parseRetryAfter reads a Retry-After header: whole seconds, or an HTTP date, which is relative to
// the answer's Date, or to now if it has none. A past date is 0, true; any other text is 0, false.
func parseRetryAfter(value string, serverDate, now time.Time) (wait time.Duration, ok bool) {
	value = strings.TrimSpace(value)
	if isDigits(value) {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter, true
		}
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if serverDate.IsZero() {
		serverDate = now
	}
	return min(max(at.Sub(serverDate), 0), maxRetryAfter), true
}

func isDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// parseDate reads a Date header; zero if it is missing or invalid.
func parseDate(value string) time.Time {
	at, err := http.ParseTime(value)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
