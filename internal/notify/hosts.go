package notify

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Hosts are those that a worker may call. The zero value allows none.
type Hosts struct{ allowed map[string]bool }

// ParseHosts reads names or addresses, each with a port or without: without, only the port of the scheme
// is meant.
func ParseHosts(names []string) (Hosts, error) {
	hosts := Hosts{allowed: map[string]bool{}}
	for _, name := range names {
		u, err := url.Parse("https://" + name)
		if err != nil || u.Host != name || u.Hostname() == "" || strings.HasSuffix(name, ":") {
			return Hosts{}, fmt.Errorf("%q: must be a host, or HOST:PORT", name)
		}
		hosts.allowed[place(u)] = true
	}
	return hosts, nil
}

// Any reports whether any host is allowed.
func (h Hosts) Any() bool { return len(h.allowed) > 0 }

// errHost says that no operator allowed the host.
var errHost = errors.New("this worker may not call it: start workers with --webhook-host")

func (h Hosts) check(u *url.URL) error {
	if h.allowed[place(u)] {
		return nil
	}
	return fmt.Errorf("host %s: %w %s", u.Host, errHost, u.Host)
}

// place is where a request to u goes. Names are alike in either case.
func place(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
