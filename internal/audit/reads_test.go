package audit

import (
	"context"
	"errors"
	"testing"
	"time"

	"havip/bce"
	"havip/tasks"
)

// rate counts requests.
type rate int

func (r *rate) Wait(context.Context) error {
	*r++
	return nil
}

func api(status int, code string) *bce.Error {
	return &bce.Error{Kind: bce.KindAPI, StatusCode: status, Code: code}
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

// Pages overlap if HaVIPs are created or deleted meanwhile.
func TestListCountsEachOnce(t *testing.T) {
	t.Parallel()
	clock := func(context.Context) (time.Time, error) { return one, nil }
	s := &sky{havips: []bce.HaVIP{havip("h-1", "a", ""), havip("h-2", "b", ""), havip("h-2", "b", ""), havip("h-3", "c", "")}}
	x := newIndex(tasks.Lane{}, one)
	x.expected.expect(created("b", "h-2"), wanted("b", ""))
	err := x.list(t.Context(), tasks.Reader{}.Pages(t.Context(), s), clock, nil)
	if err != nil || x.listed != 3 || s.lists != 2 {
		t.Errorf("%d HaVIPs in %d pages: %v", x.listed, s.lists, err)
	}
}
