package bce

import (
	"net/url"
	"strings"
	"testing"
)

func TestCanonicalURI(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"":                     "/",
		"/":                    "/",
		"/v1/havip":            "/v1/havip",
		"/v1/havip/":           "/v1/havip/",
		"/v1//havip":           "/v1//havip",
		"/v1/havip/a%2Fb":      "/v1/havip/a%2Fb",
		"/v1/havip/a%2fb":      "/v1/havip/a%2Fb",
		"/v1/havip/a+b":        "/v1/havip/a%2Bb",
		"/v1/havip/a(b)!$&',;": "/v1/havip/a%28b%29%21%24%26%27%2C%3B",
		"/v1/havip/%E6%B5%8B":  "/v1/havip/%E6%B5%8B",
		"/v1/havip/%7E-._~":    "/v1/havip/~-._~",
		"v1":                   "/v1",
	} {
		got, err := appendCanonicalURI(nil, path)
		if err != nil || string(got) != want {
			t.Errorf("canonical URI of %q: %q, %v; want %q", path, got, err, want)
		}
	}
	if _, err := appendCanonicalURI(nil, "/%zz"); err == nil {
		t.Error("a path that is no escaped path was accepted")
	}
}

func TestCanonicalQuery(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"":                             "",
		"attach":                       "attach=",
		"attach&clientToken=b":         "attach=&clientToken=b",
		"b=2&a=1":                      "a=1&b=2",
		"a=2&a=1":                      "a=1&a=2",
		"a1=&a=1":                      "a1=&a=1",
		"authorization=x&a=1":          "a=1",
		"Authorization=x":              "",
		"a=b=c":                        "a=b%3Dc",
		"a=%2B+%20":                    "a=%2B%20%20",
		"clientToken=%E6%B5%8B&&x=%2F": "clientToken=%E6%B5%8B&x=%2F",
	} {
		if got := canonicalQueryOf(t, raw); got != want {
			t.Errorf("canonical query of %q: %q; want %q", raw, got, want)
		}
	}
	for _, raw := range []string{"a=%zz", "%=1"} {
		if err := canonicalQuery(new(sortedList), raw); err == nil {
			t.Errorf("the query %q was accepted", raw)
		}
	}
}

func canonicalQueryOf(t *testing.T, raw string) string {
	t.Helper()
	var list sortedList
	if err := canonicalQuery(&list, raw); err != nil {
		t.Fatalf("canonical query of %q: %v", raw, err)
	}
	return string(list.appendTo(nil, '&'))
}

func canonicalHeadersOf(headers []param) (lines, signedHeaders string) {
	var h canonicalHeaders
	for _, header := range headers {
		h.add(header.name, header.value)
	}
	return string(h.lines.appendTo(nil, '\n')), string(h.names.appendTo(nil, ';'))
}

func TestCanonicalHeaders(t *testing.T) {
	t.Parallel()
	lines, signed := canonicalHeadersOf([]param{
		{"x-bce-a", "1"},
		{"X-Bce-A-B", " padded\t"},
		{"Host", "127.0.0.1:8080"},
		{"content-length", "0"},
		{"x-bce-empty", "  "},
	})
	wantLines := "content-length:0\nhost:127.0.0.1%3A8080\nx-bce-a-b:padded\nx-bce-a:1"
	if lines != wantLines {
		t.Errorf("lines\n got %q\nwant %q", lines, wantLines)
	}
	if want := "content-length;host;x-bce-a;x-bce-a-b"; signed != want {
		t.Errorf("signed headers = %q; want %q", signed, want)
	}
}

func FuzzURIEncode(f *testing.F) {
	f.Add("havip-1/测试 +%2F~")
	f.Add("\x00\xff")
	f.Fuzz(func(t *testing.T, s string) {
		encoded := uriEncode(s)
		back, err := url.PathUnescape(encoded)
		if err != nil || back != s {
			t.Fatalf("uriEncode(%q) = %q comes back as %q, %v", s, encoded, back, err)
		}
		if query, err := url.QueryUnescape(encoded); err != nil || query != s {
			t.Fatalf("uriEncode(%q) = %q comes back from a query as %q, %v", s, encoded, query, err)
		}
		if strings.ContainsFunc(strings.ReplaceAll(encoded, "%", ""), func(r rune) bool { return r > '~' || !unreserved[byte(r)] }) {
			t.Fatalf("uriEncode(%q) = %q keeps a reserved character", s, encoded)
		}
	})
}
