package notify

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Hosts are the hosts that a worker may call. The zero value allows none.
type Hosts struct{ allowed map[string]bool }

// ParseHosts reads names or addresses, with or without a port; without, only the scheme's default port is
// allowed.
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

// errHost reports a host that the operator did not allow.
var errHost = errors.New("not allowed; start workers with --webhook-host")

func (h Hosts) check(u *url.URL) error {
	if h.allowed[place(u)] {
		return nil
	}
	return fmt.Errorf("host %s: %w %s", u.Host, errHost, u.Host)
}

// place returns host and port of a request to u, in lower case.
func place(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
