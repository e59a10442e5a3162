package notify

import (
	"net/url"
	"strings"
	"testing"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://ops.example.com/hook?x=1":                      "",
		"http://127.0.0.1:8080/hook":                            "",
		"http://[::1]/":                                         "",
		"http://localhost/":                                     "",
		"http://ops.example.com/":                               "plain http",
		"http://127.0.0.1.example.com/":                         "plain http",
		"https://li:hunter2@example.com/":                       "user or password",
		"https:///hook":                                         "must have a host",
		"https://example.com/#hunter2":                          "fragment",
		"ftp://example.com/":                                    "scheme",
		"https://example.com/%zz-hunter2":                       "not a URL",
		"https://example.com/" + strings.Repeat("hunter2", 300): "longer than",
	} {
		_, err := ParseURL(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: got %v, want %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("an error repeats the URL: %v", err)
		}
	}
}

func TestIsURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"https://a/": true, "HTTP://a/": true, "http:/a": false, "curl https://a/": false, "notify-send done": false, "ftp://a": false,
	} {
		if got := IsURL(text); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

func TestShown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://a.example/hook?token=hunter2": "https://a.example/hook",
		"https://li:hunter2@a.example/":        "https://a.example/",
		"https://a.example/%zz-hunter2":        "(not a URL)",
		"":                                     "",
	} {
		if got := Shown(text); got != want {
			t.Errorf("%s: got %s", text, got)
		}
	}
}

// A host is allowed with the port of the scheme, and any other port only by its number.
func TestHosts(t *testing.T) {
	t.Parallel()
	hosts, err := ParseHosts([]string{"Ops.example.com", "127.0.0.1:8080", "[::1]:9"})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"https://ops.example.com/a": true, "https://OPS.example.com:443/": true, "http://127.0.0.1:8080/": true, "http://[::1]:9/": true,
		"https://ops.example.com:8443/": false, "https://a.ops.example.com/": false, "http://127.0.0.1/": false, "https://169.254.169.254/": false,
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := hosts.check(u); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, name := range []string{"", "https://a", "a/b", "a:", "a b", "u@a", "a:x"} {
		if _, err := ParseHosts([]string{name}); err == nil {
			t.Errorf("%q is taken for a host", name)
		}
	}
}
