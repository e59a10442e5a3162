package bce

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

var signTime = time.Date(2018, 4, 2, 8, 14, 25, 999, time.FixedZone("", 0))

var testCredentials = NewCredentials("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210", "")

func newSignRequest(t *testing.T, method, target string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// signedHeadersOf returns the fifth part of the Authorization header.
func signedHeadersOf(req *http.Request) string {
	return strings.Split(req.Header.Get("Authorization"), "/")[4]
}

func signatureOf(req *http.Request) string {
	return strings.Split(req.Header.Get("Authorization"), "/")[5]
}

func TestSignDefaultHeaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		method string
		want   string
	}{
		{"get", func(*http.Request) {}, http.MethodGet, "host;x-bce-date"},
		{"put without body sends length 0", func(*http.Request) {}, http.MethodPut, "content-length;host;x-bce-date"},
		{"delete without body sends none", func(*http.Request) {}, http.MethodDelete, "host;x-bce-date"},
		{"md5, type and own x-bce", func(r *http.Request) {
			r.Header.Set("Content-MD5", "NFzcPqhviddjRNnSOGo4rw==")
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-Bce-Other", "1")
			r.Header.Set("User-Agent", "not signed")
			r.Header.Set("Accept", "not signed")
		}, http.MethodGet, "content-md5;content-type;host;x-bce-date;x-bce-other"},
		{"unknown length", func(r *http.Request) { r.ContentLength = -1 }, http.MethodPost, "host;x-bce-date"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			req := newSignRequest(t, c.method, "https://bcc.bj.baidubce.com/v1/havip")
			c.change(req)
			if err := NewSigner().Sign(req, SignInput{Credentials: testCredentials, Time: signTime}); err != nil {
				t.Fatal(err)
			}
			if got := signedHeadersOf(req); got != c.want {
				t.Errorf("signed headers = %s; want %s", got, c.want)
			}
		})
	}
}

func TestSignTemporaryCredentials(t *testing.T) {
	t.Parallel()
	signer := NewSigner()
	req := newSignRequest(t, http.MethodGet, "https://bcc.bj.baidubce.com/v1/havip")
	temporary := NewCredentials("0123456789abcdef", "fedcba9876543210", "session/token==")
	if err := signer.Sign(req, SignInput{Credentials: temporary, Time: signTime}); err != nil {
		t.Fatal(err)
	}
	if got := req.Header.Get("x-bce-security-token"); got != "session/token==" {
		t.Errorf("token sent = %q", got)
	}
	if got := signedHeadersOf(req); got != "host;x-bce-date;x-bce-security-token" {
		t.Errorf("signed headers = %s", got)
	}

	// The same request signed with a permanent key must not keep the token.
	if err := signer.Sign(req, SignInput{Credentials: testCredentials, Time: signTime}); err != nil {
		t.Fatal(err)
	}
	if got, ok := req.Header["X-Bce-Security-Token"]; ok {
		t.Errorf("token still sent: %q", got)
	}
}

func TestSignCoversWhatIsSent(t *testing.T) {
	t.Parallel()
	sign := func(method, target string, at time.Time, c Credentials, expiry time.Duration) string {
		req := newSignRequest(t, method, target)
		if err := NewSigner().Sign(req, SignInput{Credentials: c, Time: at, Expiry: expiry}); err != nil {
			t.Fatal(err)
		}
		return signatureOf(req)
	}
	base := sign("GET", "https://h:8080/v1/a%2Fb?q=1", signTime, testCredentials, 0)
	if again := sign("GET", "https://h:8080/v1/a%2Fb?q=1", signTime, testCredentials, DefaultSignatureExpiry); again != base {
		t.Errorf("the default expiry signs otherwise: %s, %s", again, base)
	}
	for name, other := range map[string]string{
		"method": sign("DELETE", "https://h:8080/v1/a%2Fb?q=1", signTime, testCredentials, 0),
		"port":   sign("GET", "https://h/v1/a%2Fb?q=1", signTime, testCredentials, 0),
		"path":   sign("GET", "https://h:8080/v1/a/b?q=1", signTime, testCredentials, 0),
		"query":  sign("GET", "https://h:8080/v1/a%2Fb?q=2", signTime, testCredentials, 0),
		"time":   sign("GET", "https://h:8080/v1/a%2Fb?q=1", signTime.Add(time.Second), testCredentials, 0),
		"expiry": sign("GET", "https://h:8080/v1/a%2Fb?q=1", signTime, testCredentials, time.Minute),
		"secret": sign("GET", "https://h:8080/v1/a%2Fb?q=1", signTime, NewCredentials(testCredentials.AccessKeyID(), "other", ""), 0),
	} {
		if other == base {
			t.Errorf("the signature does not depend on the %s", name)
		}
	}
}

func TestSignUsesRequestHost(t *testing.T) {
	t.Parallel()
	one := newSignRequest(t, "GET", "https://127.0.0.1:1/v1/havip")
	one.Host = "bcc.bj.baidubce.com"
	two := newSignRequest(t, "GET", "https://bcc.bj.baidubce.com/v1/havip")
	for _, req := range []*http.Request{one, two} {
		if err := NewSigner().Sign(req, SignInput{Credentials: testCredentials, Time: signTime}); err != nil {
			t.Fatal(err)
		}
	}
	if signatureOf(one) != signatureOf(two) {
		t.Error("the Host header sent is not the one signed")
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		credentials Credentials
		change      func(*http.Request)
		want        string
	}{
		"no credentials":     {Credentials{}, nil, "no credentials"},
		"no key":             {NewCredentials("", "s", ""), nil, "access key ID is empty"},
		"no secret":          {NewCredentials("a", "", ""), nil, "secret access key is empty"},
		"slash in key":       {NewCredentials("a/b", "s", ""), nil, "access key ID must be"},
		"newline in key":     {NewCredentials("a\r\nx: y", "s", ""), nil, "access key ID must be"},
		"newline in token":   {NewCredentials("a", "s", "t\n"), nil, "session token must be"},
		"two values":         {testCredentials, func(r *http.Request) { r.Header.Add("x-bce-a", "1"); r.Header.Add("x-bce-a", "2") }, "2 values"},
		"no host":            {testCredentials, func(r *http.Request) { r.URL.Host, r.Host = "", "" }, "no host"},
		"international host": {testCredentials, func(r *http.Request) { r.Host = "bcc.测试" }, "plain ASCII"},
		"zone":               {testCredentials, func(r *http.Request) { r.Host = "[fe80::1%25eth0]" }, "plain ASCII"},
		"query":              {testCredentials, func(r *http.Request) { r.URL.RawQuery = "a=%zz" }, "query parameter"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := newSignRequest(t, "GET", "https://h/")
			if c.change != nil {
				c.change(req)
			}
			err := NewSigner().Sign(req, SignInput{Credentials: c.credentials, Time: signTime})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v; want %q in it", err, c.want)
			}
			if req.Header.Get("Authorization") != "" {
				t.Error("the refused request is signed")
			}
		})
	}
}

func TestKeyCache(t *testing.T) {
	t.Parallel()
	cache := &keyCache{}
	sign := func(key *signingKey) string {
		return key.authPrefix + "/" + string(key.appendSignature(nil, []byte("request")))
	}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for second := range 5 * maxSigningKeys {
				s := secrets{accessKeyID: "id", secretAccessKey: fmt.Sprint("secret", worker%2)}
				at := signTime.Add(time.Duration(second) * time.Second)
				want := newSigningKey(s.accessKeyID, s.secretAccessKey, at.UTC().Format(timestampLayout), time.Minute)
				if got, want := sign(cache.get(s, at, time.Minute)), sign(want); got != want {
					t.Errorf("%s at %v signs %s; want %s", s.secretAccessKey, at, got, want)
				}
			}
		})
	}
	wg.Wait()
	if n := len(cache.keys); n > maxSigningKeys {
		t.Errorf("the cache holds %d keys; at most %d are allowed", n, maxSigningKeys)
	}
	one := cache.get(secrets{accessKeyID: "id", secretAccessKey: "one"}, signTime, time.Minute)
	if cache.get(secrets{accessKeyID: "id", secretAccessKey: "one"}, signTime.Truncate(time.Second), time.Minute) != one {
		t.Error("the same second got another key")
	}
	for name, other := range map[string]*signingKey{
		"a rotated secret":   cache.get(secrets{accessKeyID: "id", secretAccessKey: "two"}, signTime, time.Minute),
		"another access key": cache.get(secrets{accessKeyID: "other", secretAccessKey: "one"}, signTime, time.Minute),
		"the next second":    cache.get(secrets{accessKeyID: "id", secretAccessKey: "one"}, signTime.Add(time.Second), time.Minute),
		"another expiry":     cache.get(secrets{accessKeyID: "id", secretAccessKey: "one"}, signTime, time.Hour),
	} {
		if sign(one) == sign(other) {
			t.Errorf("%s gets the same key", name)
		}
	}
}
