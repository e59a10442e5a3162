package audit

import (
	"context"
	"errors"
	"testing"
	"time"

	"havip/bce"
	"havip/tasks"
)

// rate counts what it admits.
type rate int

func (r *rate) Wait(context.Context) error {
	*r++
	return nil
}

func readerOf(s *sky, pauses *[]time.Duration) (*reader, *rate) {
	admitted := new(rate)
	return &reader{
		api: s, rate: admitted,
		pause: func(_ context.Context, d time.Duration) error {
			*pauses = append(*pauses, d)
			return nil
		},
	}, admitted
}

func api(status int, code string) *bce.Error {
	return &bce.Error{Kind: bce.KindAPI, StatusCode: status, Code: code}
}

func TestReadIsRepeatedWhileItPasses(t *testing.T) {
	t.Parallel()
	denied := api(403, bce.CodeAccessDenied)
	for name, test := range map[string]struct {
		errs  []error
		lists int
		fails bool
	}{
		"at once":     {nil, 1, false},
		"5xx":         {[]error{api(500, bce.CodeInternalError), api(503, "x")}, 3, false},
		"throttled":   {[]error{api(429, "x"), api(400, bce.CodeRateLimit)}, 3, false},
		"expired":     {[]error{api(400, bce.CodeRequestExpired)}, 2, false},
		"network":     {[]error{&bce.Error{Kind: bce.KindBroken}, &bce.Error{Kind: bce.KindUnreadable, StatusCode: 200}}, 3, false},
		"too often":   {[]error{api(500, ""), api(500, ""), api(500, ""), api(500, ""), api(500, ""), api(500, "")}, readAttempts, true},
		"a no":        {[]error{denied}, 1, true},
		"not of BCE":  {[]error{errors.New("odd")}, 1, true},
		"never local": {[]error{&bce.Error{Kind: bce.KindLocal}}, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var pauses []time.Duration
			s := &sky{errs: test.errs}
			r, admitted := readerOf(s, &pauses)
			_, err := r.page(t.Context(), "")
			if (err != nil) != test.fails || s.lists != test.lists || int(*admitted) != test.lists {
				t.Errorf("%d lists, %d admitted: %v", s.lists, *admitted, err)
			}
			for _, pause := range pauses {
				if pause > readDelayCap {
					t.Errorf("paused %s", pause)
				}
			}
		})
	}
}

func TestSaysNotFound(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want bool
	}{
		{api(400, bce.CodeNoSuchObject), true},
		{api(404, "InstanceNotExist"), true},
		{api(403, "ResourceNotFound"), true},
		{api(404, "x"), true},
		{api(404, bce.CodeInvalidVersion), false},
		{api(403, bce.CodeAccessDenied), false},
		{&bce.Error{Kind: bce.KindUnreadable, StatusCode: 404}, false},
		{errors.New("NotFound"), false},
		{nil, false},
	} {
		if got := NotFound(test.err); got != test.want {
			t.Errorf("%v: got %v", test.err, got)
		}
	}
}

// endless is a BCE that sends its listing round in circles.
type endless struct{ sky }

func (*endless) ListHaVIPs(context.Context, bce.ListOptions) (*bce.ListHaVIPsOutput, error) {
	return &bce.ListHaVIPsOutput{NextMarker: "m"}, nil
}

func TestListEnds(t *testing.T) {
	t.Parallel()
	clock := func(context.Context) (time.Time, error) { return one, nil }
	r := &reader{api: &endless{}, pause: pause}
	if _, err := list(t.Context(), tasks.Lane{}, r, clock, nil); !errors.Is(err, bce.ErrRepeatedMarker) {
		t.Errorf("got %v", err)
	}
	// Pages overlap while HaVIPs come and go.
	s := &sky{havips: []bce.HaVIP{havip("h-1", "a", ""), havip("h-2", "b", ""), havip("h-2", "b", ""), havip("h-3", "c", "")}}
	x, err := list(t.Context(), tasks.Lane{}, &reader{api: s, pause: pause}, clock, nil)
	if err != nil || x.listed != 3 || s.lists != 2 {
		t.Errorf("%d HaVIPs in %d pages: %v", x.listed, s.lists, err)
	}
}

func TestPauseEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := pause(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := pause(t.Context(), time.Nanosecond); err != nil {
		t.Error(err)
	}
}
