package notify

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// maxURL bounds what a batch carries along.
const maxURL = 2048

// IsURL reports whether a text is meant as a URL, and not as a command.
func IsURL(text string) bool {
	scheme, _, found := strings.Cut(text, "://")
	return found && (strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http"))
}

// ParseURL reads a URL that may be told of a batch: https, or http to a loopback address, without a user
// and a password. An error does not repeat it, for it may hold a secret all the same.
func ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("not a URL") // net/url's own error repeats it
	case len(text) > maxURL:
		return nil, fmt.Errorf("longer than %d bytes", maxURL)
	case u.User != nil:
		return nil, errors.New("must not contain a user or password; notices are signed with HAVIP_WEBHOOK_SECRET")
	case u.Hostname() == "":
		return nil, errors.New("must name a host, such as https://ops.example.com/hooks/havip")
	case u.Fragment != "":
		return nil, errors.New("must not have a fragment")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, errors.New("plain http is only accepted for a loopback address; use https")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("scheme must be https")
	}
	return u, nil
}

// Shown is a URL as logs and people see it: without its query, which may hold a token.
func Shown(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "(not a URL)"
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return shown.String()
}

// isLoopback reports whether a host is this machine by its very name.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
