package redistest

import "strings"

// Patient adds to the URL of a Redis, where it names none, time-outs that no slow machine exceeds. With its
// own, a client gives up after seconds and sends its command again.
func Patient(url string) string {
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	for _, option := range []string{"dial_timeout", "read_timeout", "write_timeout"} {
		if !strings.Contains(url, option+"=") {
			url += separator + option + "=" + patience.String()
			separator = "&"
		}
	}
	return url
}
