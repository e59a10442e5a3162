package bce

import (
	"errors"
	"io"
	"testing"
)

func TestErrorText(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]*Error{
		"create havip: 403 AccessDenied: no (request id r)": {Op: opCreate, Kind: KindAPI, Sent: true, StatusCode: 403, Code: "AccessDenied", Message: "no", RequestID: "r"},
		"get havip havip-1: 400 NoSuchObject":               {Op: opGet, Subject: "havip-1", Kind: KindAPI, Sent: true, StatusCode: 400, Code: "NoSuchObject"},
		"create havip: not sent: dial: EOF":                 {Op: opCreate, Kind: KindDial, Err: io.EOF},
		"create havip: sent, no answer: broken: EOF":        {Op: opCreate, Kind: KindBroken, Sent: true, Err: io.EOF},
		"create havip: not sent: no credentials":            {Op: opCreate, Kind: KindLocal, Err: ErrNoCredentials},
	} {
		if got := e.Error(); got != want {
			t.Errorf("text\n got %s\nwant %s", got, want)
		}
		if e.Err != nil && !errors.Is(e, e.Err) {
			t.Errorf("%v does not unwrap", e)
		}
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for k := KindLocal; k <= KindAPI; k++ {
		if k.String() == "" || names[k.String()] {
			t.Errorf("kind %d has the name %q, which is none or taken", k, k)
		}
		names[k.String()] = true
		if want := k > KindLocal && k < KindUnreadable; k.Transport() != want {
			t.Errorf("%v.Transport() = %t", k, !want)
		}
	}
	if Kind(0).String() != "" || Kind(0).Transport() {
		t.Error("no failure has a name, or is the network's")
	}
}
