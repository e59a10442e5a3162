package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Access says who may use the console. With the zero value, every user of this machine may act, and others are refused.
// With any other, everybody must be known, also on this machine.
type Access struct {
	Tokens Tokens
	// UserHeader names the user in requests of the Proxies, which have authenticated them; "" for none.
	UserHeader string
	Proxies    []netip.Prefix
	// Actors are the users of UserHeader who may act; the others may read.
	Actors []string
}

// ParseProxies reads the networks of trusted proxies: addresses, or prefixes such as 10.0.0.0/8.
func ParseProxies(texts []string) ([]netip.Prefix, error) {
	prefixes := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			var address netip.Addr
			if address, err = netip.ParseAddr(text); err == nil {
				prefix = netip.PrefixFrom(address, address.BitLen())
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%q: must be an address, or a network such as 10.0.0.0/8", text)
		}
		prefixes[i] = prefix
	}
	return prefixes, nil
}

// Check refuses settings that contradict each other.
func (a Access) Check() error {
	switch {
	case a.UserHeader != "" && len(a.Proxies) == 0:
		return errors.New("a header with the user needs the networks of the proxies that set it: anybody else could set it as well")
	case a.UserHeader == "" && len(a.Proxies) > 0:
		return errors.New("trusted proxies need the header in which they name the user")
	case a.UserHeader == "" && len(a.Actors) > 0:
		return errors.New("users who may act need the header in which a trusted proxy names the user")
	}
	return nil
}

func (a Access) configured() bool { return a.Tokens.Any() || a.UserHeader != "" }

// identity is who sends a request, and what they may do.
type identity struct {
	Name string
	Role Role
}

// loopbackName is the name of a user of this machine.
const loopbackName = "loopback"

// cookieName is the cookie of a browser that has logged in.
const cookieName = "havip_console"

// identify returns who sends the request; ok is false if that is not known.
func (a Access) identify(r *http.Request) (who identity, ok bool) {
	if !a.configured() {
		if !isLocal(r) {
			return identity{}, false
		}
		return identity{loopbackName, Act}, true
	}
	if header := r.Header.Get("Authorization"); header != "" {
		secret, bearer := strings.CutPrefix(header, "Bearer ")
		if !bearer {
			return identity{}, false
		}
		return a.Tokens.owner(strings.TrimSpace(secret))
	}
	if who, ok := a.fromProxy(r); ok {
		return who, true
	}
	if cookie, err := r.Cookie(cookieName); err == nil {
		return a.Tokens.cookieOwner(cookie.Value, time.Now())
	}
	return identity{}, false
}

// fromProxy returns the user that a trusted proxy names.
func (a Access) fromProxy(r *http.Request) (identity, bool) {
	if a.UserHeader == "" {
		return identity{}, false
	}
	names := r.Header.Values(a.UserHeader)
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || len(names) != 1 || strings.TrimSpace(names[0]) == "" {
		return identity{}, false
	}
	address := remote.Addr().Unmap()
	if !slices.ContainsFunc(a.Proxies, func(p netip.Prefix) bool { return p.Contains(address) }) {
		return identity{}, false
	}
	who := identity{strings.TrimSpace(names[0]), Read}
	if slices.Contains(a.Actors, who.Name) {
		who.Role = Act
	}
	return who, true
}

// authenticated refuses requests of unknown senders, and passes on who sends the others.
func (c *console) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := c.access.identify(r)
		switch {
		case ok:
			next.ServeHTTP(w, r.WithContext(withIdentity(r.Context(), who)))
		case !c.access.configured():
			http.Error(w, "this console answers only on this machine; to use it from elsewhere, give the worker --console-token-file or --console-user-header", http.StatusForbidden)
		case c.access.Tokens.Any() && r.Method == http.MethodGet && r.Header.Get("Authorization") == "" && strings.Contains(r.Header.Get("Accept"), "text/html"):
			http.Redirect(w, r, c.newVisit(r).URL("/login", "back", r.URL.RequestURI()), http.StatusSeeOther) //nolint:gosec // the path is this console's own
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="havip console"`)
			http.Error(w, "not authenticated", http.StatusUnauthorized)
		}
	})
}
