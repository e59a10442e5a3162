package console

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"havip"
	"havip/internal/redisconn"
	"havip/ledger"
	"havip/tasks"
	"havip/test/commandtest"
)

// fixture is a console with a Redis of its own, on a loopback address.
type fixture struct {
	*commandtest.Fixture
	server *httptest.Server
}

func start(t *testing.T, access Access) *fixture {
	t.Helper()
	f := commandtest.Start(t)
	server := httptest.NewServer(New(t.Context(), Config{Redis: f.Session.Redis, RedisURL: f.RedisURL, Access: access, Logger: zerolog.New(zerolog.NewTestWriter(t))}))
	t.Cleanup(server.Close)
	return &fixture{f, server}
}

// answer is what a page answered.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

func (f *fixture) get(t *testing.T, path string, change ...func(*http.Request)) answer {
	t.Helper()
	return f.send(t, http.MethodGet, path, nil, change...)
}

func (f *fixture) post(t *testing.T, path string, form url.Values, change ...func(*http.Request)) answer {
	t.Helper()
	asForm := func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }
	return f.send(t, http.MethodPost, path, strings.NewReader(form.Encode()), append(change, asForm)...)
}

func (f *fixture) send(t *testing.T, method, path string, body io.Reader, change ...func(*http.Request)) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, f.server.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(request)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

// pages are all pages with a batch "b" that has an item "web-1".
var pages = []string{
	"/", "/batch?name=b", "/batch?name=b&state=queued", "/batch?name=b&state=rejected&code=X", "/batch?name=b&from=1", "/item?batch=b&key=web-1",
	"/lanes", "/workers", "/doctor", "/events", "/events?batch=b",
}

func TestPages(t *testing.T) {
	t.Parallel()
	f := start(t, Access{})
	f.Enqueue(t, "b", "web-1", "web-2")
	for _, path := range pages {
		if a := f.get(t, path); a.Status != http.StatusOK || !strings.Contains(a.Body, "</html>") {
			t.Errorf("%s: status %d, %s", path, a.Status, a.Body)
		}
	}
	for _, path := range []string{"/nowhere", "/batch", "/batch?name=none", "/item?batch=b&key=none", "/events?batch=none"} {
		if a := f.get(t, path); a.Status != http.StatusNotFound || !strings.Contains(a.Body, "</html>") {
			t.Errorf("%s: status %d, %s", path, a.Status, a.Body)
		}
	}
}

// Every answer, also a refusal, keeps the browser to this console's own files.
func TestHeaders(t *testing.T) {
	t.Parallel()
	f := start(t, Access{})
	for _, path := range []string{"/", "/nowhere", "/assets/console.js", "/language"} {
		h := f.get(t, path).Header
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
			"X-Content-Type-Options":  "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "same-origin",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
	}
}

// What is not for this machine alone, and what a rebound name of another site asks for, is refused.
func TestOnlyLocal(t *testing.T) {
	t.Parallel()
	f := start(t, Access{})
	for name, change := range map[string]func(*http.Request){
		"other host":      func(r *http.Request) { r.Host = "evil.example" },
		"rebound":         func(r *http.Request) { r.Host = "127.0.0.1.evil.example:80" },
		"through a proxy": func(r *http.Request) { r.Header.Set("X-Forwarded-For", "203.0.113.7") },
	} {
		for _, path := range append(pages, "/nowhere", "/assets/console.css") {
			if a := f.get(t, path, change); a.Status != http.StatusForbidden || strings.Contains(a.Body, "<html") {
				t.Errorf("%s: %s: status %d", name, path, a.Status)
			}
		}
	}
	for _, host := range []string{"localhost:1", "127.0.0.1", "[::1]:80", "localhost"} {
		if a := f.get(t, "/", func(r *http.Request) { r.Host = host }); a.Status != http.StatusOK {
			t.Errorf("%s: status %d", host, a.Status)
		}
	}
}

// Names, descriptions and messages are text, whatever they contain.
func TestTextIsInert(t *testing.T) {
	t.Parallel()
	f := start(t, Access{})
	const evil = `<script>alert(1)</script>"onmouseover='alert(2)`
	item := tasks.Item{Key: "web" + evil, Request: tasks.Request{Name: "web-1", SubnetID: "sbn-1", Description: evil}}
	if _, err := havip.NewClient(redisconn.Full(f.Session.Redis), havip.WithRegion(f.Region)).Enqueue(t.Context(), "b"+evil, item); err != nil {
		t.Fatal(err)
	}
	query := url.Values{"name": {"b" + evil}, "batch": {"b" + evil}, "key": {"web" + evil}, "state": {"queued"}, "code": {evil}}.Encode()
	for _, path := range []string{"/", "/batch?" + query, "/item?" + query, "/events", "/events?" + query, "/" + url.PathEscape(evil)} {
		if a := f.get(t, path); strings.Contains(a.Body, "<script>") || strings.Contains(a.Body, `"onmouseover`) {
			t.Errorf("%s: %s", path, a.Body)
		}
	}
}

// A page that is followed is sent again when it has changed.
func TestFollow(t *testing.T) {
	t.Parallel()
	f := start(t, Access{})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.server.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	awaitLine := func(part string) {
		t.Helper()
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "data: ") && strings.Contains(lines.Text(), part) {
				return
			}
		}
		t.Fatalf("no %s in the stream: %v", part, lines.Err())
	}
	awaitLine("</html>")
	f.Enqueue(t, "later", "web-1")
	awaitLine("/batch?name=later")
}

// The page of an archived batch says where the archive is.
func TestArchivedBatch(t *testing.T) {
	t.Parallel()
	f := start(t, Access{})
	f.Enqueue(t, "b", "web-1")
	f.Cancel(t, "b")
	archive := &ledger.Archive{File: "/srv/b.archive"}
	result, err := f.Session.Ledger.Forget(t.Context(), "b", ledger.Forgetting{By: "li@host", Incomplete: true, Archive: archive})
	if err != nil || result != ledger.ForgottenNow {
		t.Fatalf("%s, %v", result, err)
	}
	for _, path := range []string{"/batch?name=b", "/events?batch=b"} {
		if a := f.get(t, path); a.Status != http.StatusNotFound || !strings.Contains(a.Body, "archived to /srv/b.archive") {
			t.Errorf("%s: status %d, %s", path, a.Status, a.Body)
		}
	}
}
