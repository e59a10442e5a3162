package redistest_test

import (
	"testing"

	"havip/test/redistest"
)

func TestPatient(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"redis://h":                  "redis://h?dial_timeout=5m0s&read_timeout=5m0s&write_timeout=5m0s",
		"redis://h?read_timeout=1ms": "redis://h?read_timeout=1ms&dial_timeout=5m0s&write_timeout=5m0s",
	} {
		if got := redistest.Patient(url); got != want {
			t.Errorf("%s: got %s, want %s", url, got, want)
		}
	}
}
