package console

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	readerSecret = "reader-0123456789abcdef0123"
	actorSecret  = "actor-0123456789abcdef01234"
)

func tokensOf(t *testing.T) Tokens {
	t.Helper()
	tokens, err := ParseTokens("# who may use the console\nread grace " + readerSecret + "\n\nact li " + actorSecret + "\n")
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func TestParseTokens(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{
		actorSecret, "act " + actorSecret, "act li short", "write li " + actorSecret, "act li a " + actorSecret,
		"act li " + actorSecret + "\nread li " + readerSecret,
	} {
		if _, err := ParseTokens(wrong); err == nil || strings.Contains(err.Error(), actorSecret) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if tokens, err := ParseTokens("# none\n"); err != nil || tokens.Any() {
		t.Errorf("%v, %v", tokens, err)
	}
}

func TestCookie(t *testing.T) {
	t.Parallel()
	tokens, now := tokensOf(t), time.Now()
	value, ok := tokens.cookieFor(actorSecret, now.Add(time.Hour))
	if who, valid := tokens.cookieOwner(value, now); !ok || !valid || who != (identity{"li", Act}) {
		t.Errorf("%s: %v, %t", value, who, valid)
	}
	if strings.Contains(value, actorSecret) {
		t.Errorf("the cookie has the token: %s", value)
	}
	other, err := ParseTokens("act li another-0123456789abcdef0123\n")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(value, ".")
	for name, valid := range map[string]bool{
		"expired":          second(tokens.cookieOwner(value, now.Add(time.Hour))),
		"another token":    second(other.cookieOwner(value, now)),
		"longer":           second(tokens.cookieOwner(parts[0]+".99999999999."+parts[2], now)),
		"another name":     second(tokens.cookieOwner(encodeName("grace")+"."+parts[1]+"."+parts[2], now)),
		"an unknown name":  second(tokens.cookieOwner(encodeName("eve")+"."+parts[1]+".", now)),
		"not of a console": second(tokens.cookieOwner("x", now)),
	} {
		if valid {
			t.Errorf("%s: valid", name)
		}
	}
	if _, ok := tokens.cookieFor("guess", now); ok {
		t.Error("a cookie for no token")
	}
}

func second(_ identity, ok bool) bool { return ok }

// remote is a request from elsewhere, to an address that is no loopback one.
func remote(r *http.Request) { r.Host = "console.example.com" }

// Without credentials every route is refused from elsewhere, whether the console has tokens or not.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, access := range map[string]Access{
		"nothing is configured": {},
		"tokens":                {Tokens: tokensOf(t)},
		"proxy":                 {UserHeader: "X-User", Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
	} {
		f := start(t, access)
		f.Enqueue(t, "b", "web-1")
		for _, path := range append(pages, "/act?op=cancel&batch=b", "/nowhere") {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete} {
				if a := f.send(t, method, path, nil, remote, withUser("root")); a.Status != http.StatusForbidden && a.Status != http.StatusUnauthorized {
					t.Errorf("%s: %s %s: status %d", name, method, path, a.Status)
				}
			}
			if a := f.get(t, path, remote, accept("text/event-stream")); a.Status != http.StatusForbidden && a.Status != http.StatusUnauthorized {
				t.Errorf("%s: stream of %s: status %d", name, path, a.Status)
			}
		}
	}
}

func withUser(name string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("X-User", name) }
}

func accept(kind string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Accept", kind) }
}

func bearer(secret string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }
}

// A reader reads all pages, and can do nothing; an actor can.
func TestRoles(t *testing.T) {
	t.Parallel()
	f := start(t, Access{Tokens: tokensOf(t)})
	f.Enqueue(t, "b", "web-1")
	for _, path := range pages {
		if a := f.get(t, path, remote, bearer(readerSecret)); a.Status != http.StatusOK || strings.Contains(a.Body, "/act") {
			t.Errorf("%s: status %d", path, a.Status)
		}
	}
	if a := f.get(t, "/act?op=cancel&batch=b", remote, bearer(readerSecret)); a.Status != http.StatusForbidden {
		t.Errorf("confirmation: status %d", a.Status)
	}
	cancel := url.Values{"op": {"cancel"}, "batch": {"b"}, "reason": {"test"}}
	if a := f.post(t, "/act", cancel, remote, bearer(readerSecret)); a.Status != http.StatusForbidden || f.batch(t).Counts["canceled"] != 0 {
		t.Errorf("reader: status %d, %v", a.Status, f.batch(t).Counts)
	}
	if a := f.post(t, "/act", cancel, remote, bearer("guess")); a.Status != http.StatusUnauthorized || f.batch(t).Counts["canceled"] != 0 {
		t.Errorf("unknown: status %d", a.Status)
	}
	if a := f.post(t, "/act", cancel, remote, bearer(actorSecret)); a.Status != http.StatusOK || f.batch(t).Counts["canceled"] != 1 {
		t.Errorf("actor: status %d, %v", a.Status, f.batch(t).Counts)
	}
}

// A browser signs in with a token, and gets a cookie that no script can read.
func TestSignIn(t *testing.T) {
	t.Parallel()
	f := start(t, Access{Tokens: tokensOf(t)})
	a := f.get(t, "/lanes?x=1", remote, accept("text/html"))
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/login?back=%2Flanes%3Fx%3D1" {
		t.Errorf("status %d, to %s", a.Status, a.Header.Get("Location"))
	}
	if a := f.get(t, a.Header.Get("Location"), remote); a.Status != http.StatusOK || !strings.Contains(a.Body, `name="token"`) {
		t.Errorf("status %d", a.Status)
	}
	if a := f.post(t, "/login", url.Values{"token": {"guess"}}, remote); a.Status != http.StatusUnprocessableEntity || a.Header.Get("Set-Cookie") != "" || strings.Contains(a.Body, "guess") {
		t.Errorf("wrong token: status %d", a.Status)
	}
	a = f.post(t, "/login", url.Values{"token": {readerSecret}, "back": {"//evil.example"}}, remote)
	cookie, err := http.ParseSetCookie(a.Header.Get("Set-Cookie"))
	if err != nil || a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode {
		t.Fatalf("status %d, to %s, %v, %v", a.Status, a.Header.Get("Location"), cookie, err)
	}
	signedIn := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: cookieName, Value: cookie.Value}) }
	if a := f.get(t, "/", remote, signedIn); a.Status != http.StatusOK || !strings.Contains(a.Body, "grace") {
		t.Errorf("signed in: status %d", a.Status)
	}
	if a := f.post(t, "/act", url.Values{"op": {"pause"}, "batch": {"b"}, "reason": {"r"}}, remote, signedIn); a.Status != http.StatusForbidden {
		t.Errorf("a reader acts: status %d", a.Status)
	}
}

// Another site can have nothing done in somebody's browser.
func TestForgery(t *testing.T) {
	t.Parallel()
	f := start(t, Access{})
	f.Enqueue(t, "b", "web-1")
	cancel := url.Values{"op": {"cancel"}, "batch": {"b"}, "reason": {"test"}}
	for name, forge := range map[string]func(*http.Request){
		"fetch metadata": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"same site":      func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"origin":         func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"no origin":      func(r *http.Request) { r.Header.Set("Origin", "null") },
	} {
		if a := f.post(t, "/act", cancel, forge); a.Status != http.StatusForbidden || f.batch(t).Counts["canceled"] != 0 {
			t.Errorf("%s: status %d", name, a.Status)
		}
	}
	if a := f.get(t, "/act?"+cancel.Encode()); a.Status != http.StatusOK || f.batch(t).Counts["canceled"] != 0 {
		t.Errorf("GET: status %d", a.Status)
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	proxied := Access{UserHeader: "X-User", Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Actors: []string{"li"}}
	for name, test := range map[string]struct {
		access Access
		from   string
		users  []string
		want   identity
	}{
		"a user":              {proxied, "192.0.2.9:1", []string{"grace"}, identity{"grace", Read}},
		"an actor":            {proxied, "192.0.2.9:1", []string{"li"}, identity{"li", Act}},
		"another proxy":       {proxied, "198.51.100.1:1", []string{"li"}, identity{}},
		"no user":             {proxied, "192.0.2.9:1", nil, identity{}},
		"an empty user":       {proxied, "192.0.2.9:1", []string{" "}, identity{}},
		"two users":           {proxied, "192.0.2.9:1", []string{"grace", "li"}, identity{}},
		"loopback is no user": {proxied, "127.0.0.1:1", []string{"li"}, identity{}},
		"nothing configured":  {Access{}, "192.0.2.9:1", []string{"li"}, identity{}},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://console.example.com/", nil)
		r.RemoteAddr = test.from
		r.Header["X-User"] = test.users
		if got, ok := test.access.identify(r); got != test.want || ok != (test.want != identity{}) {
			t.Errorf("%s: %v, %t", name, got, ok)
		}
	}
}

func TestAccessCheck(t *testing.T) {
	t.Parallel()
	network := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	for name, test := range map[string]struct {
		access Access
		ok     bool
	}{
		"nothing":           {Access{}, true},
		"a proxy":           {Access{UserHeader: "X-User", Proxies: network, Actors: []string{"li"}}, true},
		"header alone":      {Access{UserHeader: "X-User"}, false},
		"proxies alone":     {Access{Proxies: network}, false},
		"actors of nothing": {Access{Actors: []string{"li"}}, false},
	} {
		if err := test.access.Check(); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := ParseProxies([]string{"10.1.2.3", "10.0.0.0/8"}); err != nil || got[0].Bits() != 32 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := ParseProxies([]string{"example.com"}); err == nil {
		t.Error("a name is no network")
	}
}
