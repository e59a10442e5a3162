package bce_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"havip/bce"
	"havip/bce/bcesim"
)

const (
	simKey    = "0123456789abcdef0123456789abcdef"
	simSecret = "fedcba9876543210fedcba9876543210"
)

var simTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func simSecretFor(accessKeyID string) (string, bool) { return simSecret, accessKeyID == simKey }

// escape is an encoding of our own, so that the test does not lean on the signer's.
func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// simRequest is what the fuzzer varies.
type simRequest struct {
	method, id, name, value, header, token string
	length                                 int64
	at                                     time.Time
}

// signed builds the request and signs it.
func (s simRequest) signed(t *testing.T) *http.Request {
	t.Helper()
	u := &url.URL{
		Scheme: "https", Host: "bcc.bj.baidubce.com:8443",
		Path: "/v1/havip/" + s.id, RawPath: "/v1/havip/" + escape(s.id),
		RawQuery: "attach&" + escape(s.name) + "=" + escape(s.value),
	}
	req, err := http.NewRequestWithContext(t.Context(), s.method, u.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = s.length
	req.Header.Set("Content-Type", "application/json;charset=utf-8")
	if s.header != "" {
		req.Header.Set("X-Bce-Other", s.header)
	}
	err = bce.NewSigner().Sign(req, bce.SignInput{Credentials: bce.NewCredentials(simKey, simSecret, s.token), Time: s.at})
	if err != nil {
		t.Fatalf("sign %+v: %v", s, err)
	}
	return req
}

// verify receives the request as a server would: from its wire form.
func verify(req *http.Request) error {
	received := req.Clone(req.Context())
	u, err := url.ParseRequestURI(req.URL.RequestURI())
	if err != nil {
		return err
	}
	received.URL, received.Host = u, req.URL.Host
	if req.Host != "" {
		received.Host = req.Host
	}
	return bcesim.VerifyRequest(received, simSecretFor, simTime)
}

// FuzzSignerAgainstSimulator holds our reading of the specification to another: what is
// signed is accepted, and refused after any change of what the signature covers.
func FuzzSignerAgainstSimulator(f *testing.F) {
	f.Add("POST", "havip-1", "clientToken", "cecad37a-5a1e-4135-a1bc-b1a105d12dec", "", "", int64(90), int64(0), byte(1), 0)
	f.Add("PUT", "a b+c", "k=v", "a&b=c%2F", " x  y ", "session/token==", int64(0), int64(60), byte(7), 3)
	f.Add("DELETE", "测试!'()*~", "测", "试", "测", "t", int64(1), int64(-60), byte(0x20), 1)
	f.Add("GET", ".", "A", "", "0", "", int64(0), int64(1700), byte(0xff), 99)
	f.Fuzz(func(t *testing.T, method, id, name, value, header, token string, length, offset int64, flip byte, position int) {
		switch {
		case !isToken(method):
			return
		case id == "" || strings.Contains(id, "/"): // whether servers decode %2F is not specified
			return
		case name == "" || strings.EqualFold(name, "authorization"): // not signed
			return
		case !isValue(header) || !isValue(token) || strings.Contains(token, " "): // cannot be sent
			return
		}
		offset %= 1700
		s := simRequest{
			method: method, id: id, name: name, value: value, header: header, token: token,
			length: max(length, 0), at: simTime.Add(time.Duration(offset) * time.Second),
		}
		req := s.signed(t)
		if err := verify(req); err != nil {
			t.Fatalf("the simulator refuses %+v: %v", s, err)
		}
		for what, changed := range changes(s, flip, position) {
			other := changed.signed(t)
			other.Header.Set("Authorization", req.Header.Get("Authorization"))
			if err := verify(other); err == nil {
				t.Errorf("the simulator accepts another %s: signed %+v, sent %+v", what, s, changed)
			}
		}
		authorization := req.Header.Get("Authorization")
		req.Header.Set("Authorization", flipByte(authorization, flip, position))
		if err := verify(req); err == nil {
			t.Errorf("the simulator accepts %q for %q", req.Header.Get("Authorization"), authorization)
		}
	})
}

// TestLateRequestsAreRefused: a caller that gave a request up acts on that, so what arrives long after its
// deadline must do nothing.
func TestLateRequestsAreRefused(t *testing.T) {
	t.Parallel()
	for late, code := range map[time.Duration]string{30 * time.Second: "", 2 * time.Minute: bce.CodeRequestExpired} {
		t.Run(late.String(), func(t *testing.T) {
			t.Parallel()
			faults, err := bcesim.ParseFaults("create:gate-before")
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan bcesim.Call, 1)
			sim := bcesim.New(bcesim.Options{Faults: faults, OnCall: func(c bcesim.Call) { ended <- c }})
			server := httptest.NewServer(sim)
			t.Cleanup(func() { sim.Close(); server.Close() })
			client, err := bce.NewClient(bce.Config{
				Endpoint:    server.URL,
				Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(client.CloseIdleConnections)
			ctx, giveUp := context.WithCancel(t.Context())
			go func() {
				defer giveUp()
				for range time.Tick(time.Millisecond) {
					if sim.AtGate() > 0 {
						return
					}
				}
			}()
			if _, err := client.CreateHaVIP(ctx, "t", bce.CreateHaVIPInput{Name: "a", SubnetID: "sbn-1"}); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			sim.Advance(late)
			sim.OpenGate(0)
			call := <-ended
			if exist := len(sim.Truth().Live()); call.Code != code || (exist > 0) != (code == "") {
				t.Errorf("answered %d %q; %d exist", call.Status, call.Code, exist)
			}
		})
	}
}

// changes returns the request with one thing changed each.
func changes(s simRequest, flip byte, position int) map[string]simRequest {
	out := map[string]simRequest{}
	add := func(what string, changed simRequest) {
		if changed != s {
			out[what] = changed
		}
	}
	change := func(text string) string { return flipByte(text, flip, position) }

	c := s
	c.method += "X"
	add("method", c)
	c = s
	if c.id = change(s.id); c.id != "" && !strings.Contains(c.id, "/") {
		add("path", c)
	}
	c = s
	c.value = change(s.value)
	add("query value", c)
	c = s
	if c.name = change(s.name); c.name != "" {
		add("query name", c)
	}
	c = s
	if c.length++; s.length > 0 { // a request without a body may sign no length
		add("length", c)
	}
	c = s
	c.at = s.at.Add(time.Second)
	add("date", c)
	c = s
	if c.token = change(s.token); s.token != "" && isValue(c.token) && !strings.Contains(c.token, " ") {
		add("token", c)
	}
	c = s
	if c.header = change(s.header); s.header != "" && isValue(c.header) {
		add("header", c)
	}
	return out
}

// flipByte changes one byte of text, whichever position means.
func flipByte(text string, flip byte, position int) string {
	if text == "" {
		return "x"
	}
	if flip == 0 {
		flip = 1
	}
	b := []byte(text)
	b[uint(position)%uint(len(b))] ^= flip
	return string(b)
}

func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' })
}

// isValue reports whether s can be a header's value as it is.
func isValue(s string) bool {
	return strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
