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

// Defaults of [Config]. The timeouts are short, for a create that has not answered in
// seconds is better repeated under its ClientToken than waited for.
const (
	DefaultDialTimeout           = 3 * time.Second
	DefaultTLSTimeout            = 5 * time.Second
	DefaultResponseHeaderTimeout = 10 * time.Second
	DefaultTotalTimeout          = 15 * time.Second

	// DefaultMaxResponseBytes bounds an answer that is not a page of a listing.
	DefaultMaxResponseBytes = 1 << 20
	// DefaultUserAgent is sent where Config names none.
	DefaultUserAgent = "havip-bce"
)

// Timeouts bound the phases of one call; 0 means the default.
type Timeouts struct {
	// Dial bounds resolving and connecting.
	Dial time.Duration
	// TLS bounds the handshake.
	TLS time.Duration
	// ResponseHeader bounds the wait for an answer once the request is written.
	ResponseHeader time.Duration
	// Total bounds the whole call: credentials, connecting, sending, reading.
	Total time.Duration
}

// Config is what a [Client] is made from. Region or Endpoint, and Credentials, are
// required; the rest has defaults.
type Config struct {
	// Region is a region's name such as "bj", for its public endpoint.
	Region string
	// Endpoint is where to send instead: scheme and host, or a host alone, which means
	// https. It wins over Region.
	Endpoint string
	// AllowPlainHTTP accepts an Endpoint of scheme http that is not a loopback address.
	AllowPlainHTTP bool
	// Credentials is asked at every call.
	Credentials Provider

	Timeouts Timeouts
	// MaxResponseBytes bounds an answer's body; a longer one is [KindUnreadable]. A page of
	// a listing may have 8 KiB more for every HaVIP it asks for.
	MaxResponseBytes int64
	UserAgent        string

	// Now is the clock, by default [time.Now].
	Now func() time.Time
	// OnAttempt, if set, is called after each HTTP request by the goroutine that made it.
	// It must be safe for concurrent use, and quick.
	OnAttempt func(Attempt)

	// RootCAs are trusted instead of the system's, for endpoints of one's own.
	RootCAs *x509.CertPool
	// Transport replaces the client's own. Then timeouts other than Total are its own
	// affair, and so is following no redirect; and [Error.Sent] is true for every
	// request handed to it, for what it wrote cannot be known.
	Transport http.RoundTripper
}

// withDefaults returns the configuration with what is left out filled in.
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

// endpoint is where requests go.
func (c Config) endpoint() (*url.URL, error) {
	switch {
	case c.Endpoint != "":
		return parseEndpoint(c.Endpoint, c.AllowPlainHTTP)
	case c.Region != "":
		return regionEndpoint(c.Region)
	}
	return nil, errors.New("region or endpoint is required")
}
