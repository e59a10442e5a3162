package bcesim

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func testSecret(key string) (string, bool) { return "sk", key == "ak" }

func signedRequest(t *testing.T) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://bcc.bj.baidubce.com/v1/havip?clientToken=t", strings.NewReader("{}"))
	signRequest(t, r, "ak", "sk", epoch)
	return r
}

func TestVerifyRequest(t *testing.T) {
	t.Parallel()
	replace := func(old, by string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, by, 1))
		}
	}
	for _, tt := range []struct {
		name   string
		change func(*http.Request)
		now    time.Duration
		code   string
		status int
	}{
		{"as signed", func(*http.Request) {}, 0, "", 0},
		{"30 minutes fast", func(*http.Request) {}, 30 * time.Minute, "", 0},
		{"30 minutes slow", func(*http.Request) {}, -30 * time.Minute, "", 0},
		{"more than 30 minutes fast", func(*http.Request) {}, 30*time.Minute + time.Second, CodeRequestExpired, 400},
		{"more than 30 minutes slow", func(*http.Request) {}, -30*time.Minute - time.Second, CodeRequestExpired, 400},
		{"no authorization", func(r *http.Request) { r.Header.Del("Authorization") }, 0, CodeInvalidHTTPAuthHeader, 400},
		{"other version", replace("bce-auth-v1", "bce-auth-v2"), 0, CodeInvalidHTTPAuthHeader, 400},
		{"no key", replace("/ak/", "//"), 0, CodeInvalidHTTPAuthHeader, 400},
		{"a part too many", replace("/ak/", "/ak/ak/"), 0, CodeInvalidHTTPAuthHeader, 400},
		{"timestamp in words", replace("2026-03-01T", "yesterday"), 0, CodeInvalidHTTPAuthHeader, 400},
		{"no expiration", replace("/1800/", "//"), 0, CodeInvalidHTTPAuthHeader, 400},
		{"zero expiration", replace("/1800/", "/0/"), 0, CodeInvalidHTTPAuthHeader, 400},
		{"negative expiration", replace("/1800/", "/-1/"), 0, CodeInvalidHTTPAuthHeader, 400},
		{"endless expiration", replace("/1800/", "/99999999999/"), 0, CodeInvalidHTTPAuthHeader, 400},
		{"host not signed", replace("host;", ""), 0, CodeInvalidHTTPAuthHeader, 400},
		{"upper-case header", replace("host;", "Host;"), 0, CodeInvalidHTTPAuthHeader, 400},
		{"empty header name", replace("host;", "host;;"), 0, CodeInvalidHTTPAuthHeader, 400},
		{"no date", func(r *http.Request) { r.Header.Del("X-Bce-Date") }, 0, CodeInvalidHTTPAuthHeader, 400},
		{"date in words", func(r *http.Request) { r.Header.Set("X-Bce-Date", "now") }, 0, CodeInvalidHTTPAuthHeader, 400},
		{"unknown key", replace("/ak/", "/ka/"), 0, CodeInvalidAccessKeyID, 403},
		{"other signature", func(r *http.Request) {
			r.Header.Set("Authorization", r.Header.Get("Authorization")+"0")
		}, 0, CodeSignatureDoesNotMatch, 400},
		{"other expiration", replace("/1800/", "/1801/"), 0, CodeSignatureDoesNotMatch, 400},
		{"other host", func(r *http.Request) { r.Host = "bcc.gz.baidubce.com" }, 0, CodeSignatureDoesNotMatch, 400},
		{"other port", func(r *http.Request) { r.Host += ":8080" }, 0, CodeSignatureDoesNotMatch, 400},
		{"other method", func(r *http.Request) { r.Method = http.MethodPut }, 0, CodeSignatureDoesNotMatch, 400},
		{"other path", func(r *http.Request) { r.URL.Path += "/x" }, 0, CodeSignatureDoesNotMatch, 400},
		{"other query", func(r *http.Request) { r.URL.RawQuery += "&x" }, 0, CodeSignatureDoesNotMatch, 400},
		{"other date", func(r *http.Request) { r.Header.Set("X-Bce-Date", "2026-03-01T12:00:01Z") }, 0, CodeSignatureDoesNotMatch, 400},
		{"a date added", func(r *http.Request) { r.Header.Add("X-Bce-Date", "x") }, 0, CodeSignatureDoesNotMatch, 400},
		{"query not encoded", func(r *http.Request) { r.URL.RawQuery += "&%" }, 0, CodeInvalidURI, 400},
		{"headers that are not signed", func(r *http.Request) { r.Header.Set("User-Agent", "x") }, 0, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := signedRequest(t)
			tt.change(r)
			err := VerifyRequest(r, testSecret, epoch.Add(tt.now))
			if tt.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var refusal *Error
			if !errors.As(err, &refusal) {
				t.Fatalf("%v, want %s", err, tt.code)
			}
			if refusal.Code != tt.code || refusal.Status != tt.status || refusal.Message == "" {
				t.Errorf("%v, want %s (%d)", err, tt.code, tt.status)
			}
		})
	}
}

// The request's date may still be near when the signature's own validity has passed.
func TestVerifyExpiration(t *testing.T) {
	t.Parallel()
	auth := authorization{timestamp: epoch, timestampText: "t", expiration: 10 * time.Second, expirationText: "10"}
	for _, tt := range []struct {
		now     time.Duration
		expired bool
	}{{0, false}, {10 * time.Second, false}, {11 * time.Second, true}, {-30 * time.Minute, false}, {-31 * time.Minute, true}} {
		now := epoch.Add(tt.now)
		if refusal := auth.checkTime(now, now); (refusal != nil) != tt.expired {
			t.Errorf("at %s: %v, want expired %t", tt.now, refusal, tt.expired)
		}
	}
}

func TestVerifyDateHeader(t *testing.T) {
	t.Parallel()
	r := signedRequest(t)
	r.Header.Del("X-Bce-Date")
	auth := authorization{accessKeyID: "ak", timestampText: epoch.Format(authTime), expirationText: "1800"}
	canonical, refusal := canonicalRequest(r, []string{"host"})
	if refusal != nil {
		t.Fatal(refusal)
	}
	r.Header.Set("Authorization", "bce-auth-v1/ak/"+auth.timestampText+"/1800/host/"+auth.sign("sk", canonical))
	for date, want := range map[string]bool{
		epoch.Format(http.TimeFormat):                 true,
		epoch.Add(-time.Hour).Format(http.TimeFormat): false,
	} {
		r.Header.Set("Date", date)
		if err := VerifyRequest(r, testSecret, epoch); (err == nil) != want {
			t.Errorf("Date %s: %v", date, err)
		}
	}
}

// What a client is about to send has its host and length outside of the header map.
func TestVerifyUnsentRequest(t *testing.T) {
	t.Parallel()
	r, err := http.NewRequest(http.MethodPost, "http://127.0.0.1:8645/v1/havip", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	canonical, refusal := canonicalRequest(r, []string{"host", "content-length"})
	if refusal != nil {
		t.Fatal(refusal)
	}
	for method, want := range map[string]string{
		http.MethodPut: "0", http.MethodPost: "0", http.MethodGet: "", http.MethodDelete: "",
	} {
		empty, err := http.NewRequest(method, "http://127.0.0.1:8645/v1/havip", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := headerValue(empty, "content-length"); got != want {
			t.Errorf("%s without a body: content-length %q, want %q", method, got, want)
		}
	}
	if want := "POST\n/v1/havip\n\ncontent-length:2\nhost:127.0.0.1%3A8645"; canonical != want {
		t.Errorf("%q, want %q", canonical, want)
	}
}

func FuzzVerifyRequest(f *testing.F) {
	f.Add("bce-auth-v1/ak/2026-03-01T12:00:00Z/1800/host/00", "clientToken=t", "2026-03-01T12:00:00Z", "/v1/havip")
	f.Add("bce-auth-v1/ak/2026-03-01T12:00:00Z/1800//00", "a;b=%41&&=", "", "")
	f.Add("bce-auth-v1/////", "%", "x", "*")
	f.Add("", "", "", "\xff")
	f.Fuzz(func(t *testing.T, authorization, query, date, path string) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.URL.Path, r.URL.RawQuery = path, query
		r.Header["Authorization"] = []string{authorization}
		r.Header["X-Bce-Date"] = []string{date}
		err := VerifyRequest(r, testSecret, epoch)
		var refusal *Error
		if err != nil && (!errors.As(err, &refusal) || refusal.Status < 400 || refusal.Code == "") {
			t.Errorf("refusal without status or code: %#v", err)
		}
		if err == nil && !strings.HasPrefix(authorization, authVersion) {
			t.Errorf("%q passed", authorization)
		}
	})
}

// Whatever is signed verifies, and nothing else does under the same signature.
func FuzzSignedVerifies(f *testing.F) {
	f.Add("/v1/havip", "clientToken=t", "x")
	f.Add("/v1/havip/测 试", "attach&a=%E6%B5%8B", "y")
	f.Fuzz(func(t *testing.T, path, query, other string) {
		r := httptest.NewRequest(http.MethodPut, "/", nil)
		r.URL.Path, r.URL.RawQuery = path, query
		if _, refusal := canonicalQuery(query); refusal != nil {
			return
		}
		signRequest(t, r, "ak", "sk", epoch)
		if err := VerifyRequest(r, testSecret, epoch); err != nil {
			t.Fatalf("signed, but %v", err)
		}
		if canonicalURI(path) == canonicalURI(other) {
			return
		}
		r.URL.Path = other
		if err := VerifyRequest(r, testSecret, epoch); err == nil {
			t.Errorf("the signature of %q passed for %q", path, other)
		}
	})
}
