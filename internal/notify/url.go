package notify

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// maxURL limits a URL, which is part of the batch's record.
const maxURL = 2048

// IsURL reports whether a text is a URL, not a command.
func IsURL(text string) bool {
	scheme, _, found := strings.Cut(text, "://")
	return found && (strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http"))
}

// ParseURL reads a notification URL: https, or http to a loopback address, without user and password. Errors do
// not contain the URL, because its query may be a secret.
func ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("not a URL") // net/url's error contains it
	case len(text) > maxURL:
		return nil, fmt.Errorf("longer than %d bytes", maxURL)
	case u.User != nil:
		return nil, errors.New("must not contain a user or password; notifications are signed with HAVIP_WEBHOOK_SECRET")
	case u.Hostname() == "":
		return nil, errors.New("must have a host, such as https://ops.example.com/hooks/havip")
	case u.Fragment != "":
		return nil, errors.New("must not have a fragment")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, errors.New("plain http is only accepted for a loopback address; use https")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("scheme must be https")
	}
	return u, nil
}

// Shown returns a URL for logs and messages: without its query, which may contain a token.
func Shown(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "(not a URL)"
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return shown.String()
}

// isLoopback reports whether a host is localhost or a loopback address. It resolves no names.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
