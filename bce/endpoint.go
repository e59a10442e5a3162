package bce

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// regionEndpoint returns a region's endpoint by Baidu's naming rule. It accepts any DNS label, because
// new regions follow the rule too.
func regionEndpoint(region string) (*url.URL, error) {
	if !isDNSLabel(region) {
		return nil, fmt.Errorf("region %q: must be letters, digits and hyphens, such as bj", region)
	}
	return &url.URL{Scheme: "https", Host: "bcc." + strings.ToLower(region) + ".baidubce.com"}, nil
}

// ErrPlainHTTP reports an http endpoint that is not a loopback address.
var ErrPlainHTTP = errors.New("plain http is only accepted for a loopback address; use https")

// parseEndpoint reads an endpoint: scheme and host, or a host alone, which means https.
// Plain HTTP exposes requests to the network; it is accepted for a loopback address only, unless
// allowPlain.
func parseEndpoint(text string, allowPlain bool) (*url.URL, error) {
	full := text
	if !strings.Contains(text, "://") {
		full = "https://" + text
	}
	u, err := url.Parse(full)
	if err != nil {
		// net/url's error repeats the text, which may contain a password.
		return nil, errors.New("endpoint: not a URL")
	}
	if u.User != nil {
		return nil, errors.New("endpoint: must not contain a user or password")
	}
	fault := func(rule string) (*url.URL, error) {
		return nil, fmt.Errorf("endpoint %q: %s", clean(text, maxWord), rule)
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return fault("scheme must be https or http")
	case u.Hostname() == "" || !isHost(u.Hostname()):
		return fault("must name a host, such as bcc.bj.baidubce.com")
	case !isPort(u):
		return fault("port must be a number from 1 to 65535")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fault("must be scheme and host only, without path and query")
	case u.Scheme == "http" && !allowPlain && !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("endpoint %q: %w", clean(text, maxWord), ErrPlainHTTP)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// isLoopback reports whether a host is localhost or a loopback address. It resolves no names, as
// the result could change.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// isHost reports whether host is a DNS name or an IP address without a zone; net/http sends such
// a host unchanged.
func isHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Zone() == ""
	}
	const maxDNSName = 253
	if len(host) > maxDNSName {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if !isDNSLabel(strings.ReplaceAll(label, "_", "-")) { // Compose service names have _
			return false
		}
	}
	return true
}

func isPort(u *url.URL) bool {
	if strings.HasSuffix(u.Host, ":") {
		return false
	}
	if u.Port() == "" {
		return true
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && port > 0
}

func isDNSLabel(s string) bool {
	const maxLabel = 63
	if s == "" || len(s) > maxLabel || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	})
}
