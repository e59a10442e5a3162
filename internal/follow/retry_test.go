package follow

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"havip/internal/session"
)

// reply is an answer of Redis.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

// A Redis that goes away is told once and waited for, for two minutes; what waiting does not end is not waited for.
func TestWithRetry(t *testing.T) {
	t.Parallel()
	lasting, missing := reply("NOAUTH Authentication required."), errors.New("no such batch")
	for name, test := range map[string]struct {
		errs []error // of one read each; the last one of all further reads
		want error
		told int // that it is back is one more
	}{
		"back soon":            {[]error{io.EOF, io.EOF, nil}, nil, 2},
		"back, and no batch":   {[]error{io.EOF, missing}, missing, 1},
		"a wrong password":     {[]error{lasting}, lasting, 0},
		"away for good":        {[]error{io.EOF}, io.EOF, 1},
		"another reason to go": {[]error{io.EOF, reply("LOADING Redis is loading the dataset in memory"), nil}, nil, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				told, reads := 0, 0
				s := &session.Session{Waiting: func(error) { told++ }}
				_, err := WithRetry(t.Context(), s, func() (int, error) {
					reads++
					return reads, test.errs[min(reads, len(test.errs))-1]
				})
				if !errors.Is(err, test.want) || told != test.told || reads < len(test.errs) {
					t.Errorf("got %v after %d reads and %d messages", err, reads, told)
				}
			})
		})
	}
}

func TestWithRetryEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &session.Session{Waiting: func(error) { cancel() }}
		_, err := WithRetry(ctx, s, func() (int, error) { return 0, io.EOF })
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
