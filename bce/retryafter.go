package bce

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter keeps a mad header from overflowing a duration; capping to something
// sensible is the caller's policy.
const maxRetryAfter = 365 * 24 * time.Hour

// parseRetryAfter reads a Retry-After header: whole seconds, or an HTTP date, which counts
// from the server's own Date where the answer has one, and from now otherwise. A date gone
// by is 0, true; what is neither form is 0, false.
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

// parseDate reads a Date header; zero if there is none that can be read.
func parseDate(value string) time.Time {
	at, err := http.ParseTime(value)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
