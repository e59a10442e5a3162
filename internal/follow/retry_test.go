package follow

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

var (
	errAway = errors.New("away")
	errLost = errors.New("lost")
)

func temporary(err error) bool { return errors.Is(err, errAway) }

// A temporary error is reported once and retried, for two minutes; any other one ends it.
func TestWithRetry(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		errs []error // of one read each; the last one of all further reads
		want error
	}{
		"back soon":      {[]error{errAway, errAway, nil}, nil},
		"back, and lost": {[]error{errAway, errLost}, errLost},
		"away for good":  {[]error{errAway}, errAway},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				notified, reads := 0, 0
				_, err := WithRetry(t.Context(), temporary, func(error) { notified++ }, func() (int, error) {
					reads++
					return reads, test.errs[min(reads, len(test.errs))-1]
				})
				if !errors.Is(err, test.want) || notified != 1 || reads < len(test.errs) {
					t.Errorf("got %v after %d reads and %d messages", err, reads, notified)
				}
			})
		})
	}
}

func TestWithRetryEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := WithRetry(ctx, temporary, func(error) { cancel() }, func() (int, error) { return 0, errAway })
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
