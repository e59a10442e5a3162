package bce

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Defaults of [Config]. The timeouts are short, because a slow create is better retried under
// its ClientToken than waited for.
const (
	DefaultDialTimeout           = 3 * time.Second
	DefaultTLSTimeout            = 5 * time.Second
	DefaultResponseHeaderTimeout = 10 * time.Second
	DefaultTotalTimeout          = 15 * time.Second

	// DefaultMaxResponseBytes limits an answer that is not a page of a listing.
	DefaultMaxResponseBytes = 1 << 20
	// DefaultUserAgent is the default user agent.
	DefaultUserAgent = "havip-bce"
)

// Timeouts limit the phases of one call; 0 means the default.
type Timeouts struct {
	// Dial limits resolving and connecting.
	Dial time.Duration
	// TLS limits the handshake.
	TLS time.Duration
	// ResponseHeader limits the wait for an answer once the request is written.
	ResponseHeader time.Duration
	// Total limits the whole call: credentials, connecting, sending, reading.
	Total time.Duration
}

// Config configures a [Client]. Credentials and one of Region and Endpoint are required.
type Config struct {
	// Region is a region such as "bj"; requests go to its public endpoint.
	Region string
	// Endpoint overrides Region: scheme and host, or a host alone, which means https.
	Endpoint string
	// AllowPlainHTTP accepts an http Endpoint that is not a loopback address.
	AllowPlainHTTP bool
	// Credentials is called for every request.
	Credentials Provider

	Timeouts Timeouts
	// MaxResponseBytes limits an answer's body; a longer one is [KindUnreadable]. A page of a
	// listing may have 8 KiB more for every HaVIP requested.
	MaxResponseBytes int64
	UserAgent        string

	// Now is the clock, by default [time.Now].
	Now func() time.Time
	// OnAttempt, if set, is called after each HTTP request by the goroutine that made it.
	// It must be safe for concurrent use, and quick.
	OnAttempt func(Attempt)

	// RootCAs replaces the system's root certificates, for private endpoints.
	RootCAs *x509.CertPool
	// Transport replaces the client's own. It then must follow no redirects and apply all timeouts
	// but Total; and [Error.Sent] is true for every request passed to it, because what it wrote
	// is not known.
	Transport http.RoundTripper
}

// withDefaults returns the configuration with its defaults.
func (c Config) withDefaults() Config {
	fill := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	fill(&c.Timeouts.Dial, DefaultDialTimeout)
	fill(&c.Timeouts.TLS, DefaultTLSTimeout)
	fill(&c.Timeouts.ResponseHeader, DefaultResponseHeaderTimeout)
	fill(&c.Timeouts.Total, DefaultTotalTimeout)
	if c.MaxResponseBytes == 0 {
		c.MaxResponseBytes = DefaultMaxResponseBytes
	}
	if c.UserAgent == "" {
		c.UserAgent = DefaultUserAgent
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// validate expects the defaults to be filled in.
func (c Config) validate() error {
	for _, t := range []time.Duration{c.Timeouts.Dial, c.Timeouts.TLS, c.Timeouts.ResponseHeader, c.Timeouts.Total} {
		if t < 0 {
			return fmt.Errorf("timeout %v: must not be negative", t)
		}
	}
	switch {
	case c.Credentials == nil:
		return errors.New("credentials: a provider is required")
	case c.MaxResponseBytes < 0:
		return fmt.Errorf("max response bytes %d: must not be negative", c.MaxResponseBytes)
	case strings.ContainsFunc(c.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }):
		return fmt.Errorf("user agent %q: must be printable ASCII", c.UserAgent)
	}
	return nil
}

// endpoint returns the URL of Endpoint or Region.
func (c Config) endpoint() (*url.URL, error) {
	switch {
	case c.Endpoint != "":
		return parseEndpoint(c.Endpoint, c.AllowPlainHTTP)
	case c.Region != "":
		return regionEndpoint(c.Region)
	}
	return nil, errors.New("region or endpoint is required")
}
