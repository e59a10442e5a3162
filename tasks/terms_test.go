package tasks

import (
	"testing"
	"time"
)

// A request that may take longer keeps others from its item for longer, and is looked for later.
func TestTermsFollowTheRequestTimeout(t *testing.T) {
	t.Parallel()
	for timeout, want := range map[time.Duration]struct{ request, lease, grace time.Duration }{
		DefaultRequestTimeout: {16 * time.Second, 30 * time.Second, time.Minute},
		2 * time.Second:       {3 * time.Second, 17 * time.Second, time.Minute},
		5 * time.Minute:       {5*time.Minute + time.Second, 5*time.Minute + 15*time.Second, 5*time.Minute + 45*time.Second},
	} {
		c := HandlerConfig{RequestTimeout: timeout}
		if c.requestBound() != want.request || c.attemptLease() != want.lease || c.lookupGrace() != want.grace {
			t.Errorf("%s: request %s, lease %s, grace %s; want %+v", timeout, c.requestBound(), c.attemptLease(), c.lookupGrace(), want)
		}
	}
}
