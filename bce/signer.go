package bce

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// DefaultSignatureExpiry is how long a signature is valid, as with Baidu's own tools. A
	// [Client]'s signatures expire sooner: a minute after their call's deadline.
	DefaultSignatureExpiry = 1800 * time.Second

	headerAuthorization = "Authorization"
	headerDate          = "X-Bce-Date"
	headerSecurityToken = "X-Bce-Security-Token" // #nosec G101 -- a header's name
	headerRequestID     = "X-Bce-Request-Id"
)

// Signer signs requests under bce-auth-v1. It is safe for concurrent use; create one with
// [NewSigner] and share it, because it caches signing keys.
type Signer struct {
	// key is [keyCache.get], a function so that fmt cannot print the cache: it follows a
	// pointer for verbs such as %f.
	key func(s secrets, at time.Time, expiry time.Duration) *signingKey
}

// NewSigner returns a Signer.
func NewSigner() *Signer { return &Signer{key: new(keyCache).get} }

// SignInput is the input of a signature besides the request.
type SignInput struct {
	Credentials Credentials
	// Time is when the request is signed, corrected by the clock offset: BCE refuses a request
	// that is 30 minutes or more from its own clock.
	Time time.Time
	// Expiry is how long after Time the signature is valid, in whole seconds; 0 means
	// [DefaultSignatureExpiry].
	Expiry time.Duration
}

// Sign sets x-bce-date, Authorization and, for temporary credentials, x-bce-security-token. It signs
// host, content-length (if sent), content-type, content-md5 and every x-bce-* header; none of them
// may change afterwards. Signing again replaces the old signature.
//
// It refuses a request that net/http would send differently than signed, and credentials that are not
// valid in a header. It does not read the body; bce-auth-v1 signs the body only by Content-MD5.
func (s *Signer) Sign(req *http.Request, in SignInput) error {
	secrets, err := in.Credentials.forSigning()
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	key := s.key(secrets, in.Time, cmp.Or(in.Expiry, DefaultSignatureExpiry))
	values := []string{key.timestamp, secrets.sessionToken, ""} // one allocation for three headers
	req.Header[headerDate] = values[0:1:1]
	delete(req.Header, headerSecurityToken)
	if secrets.sessionToken != "" {
		req.Header[headerSecurityToken] = values[1:2:2]
	}

	canonical := canonicalRequests.Get().(*canonicalRequest) //nolint:forcetypeassert // only New fills the pool
	defer canonicalRequests.Put(canonical)
	if err := addHeaders(&canonical.headers, req); err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	if err := canonical.build(req.Method, req.URL.EscapedPath(), req.URL.RawQuery); err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	values[2] = canonical.authorization(key)
	req.Header[headerAuthorization] = values[2:3:3]
	return nil
}

// canonicalRequests are used again, because their buffers have the right size then.
var canonicalRequests = sync.Pool{New: func() any { return new(canonicalRequest) }}

// authorization signs the request and returns the header: key's prefix, names of the signed headers, signature.
func (c *canonicalRequest) authorization(key *signingKey) string {
	c.header = append(append(c.header[:0], key.authPrefix...), '/')
	c.header = append(c.headers.names.appendTo(c.header, ';'), '/')
	c.header = key.appendSignature(c.header, c.text)
	return string(c.header)
}

// addHeaders collects the default set of signed headers.
func addHeaders(headers *canonicalHeaders, req *http.Request) error {
	headers.reset()
	host, err := wireHost(req)
	if err != nil {
		return err
	}
	headers.add("host", host)
	if length, sent := wireContentLength(req); sent {
		headers.add("content-length", length)
	}
	for name, values := range req.Header {
		if !isSigned(name) {
			continue
		}
		if len(values) != 1 {
			// Each value is sent on its own line, and the specification does not say how a
			// server joins them.
			return fmt.Errorf("header %s has %d values; one can be signed", strings.ToLower(name), len(values))
		}
		headers.add(name, values[0])
	}
	return nil
}

// isSigned reports whether a header, if it is sent, is in the default set.
func isSigned(name string) bool {
	const prefix = "x-bce-"
	return strings.EqualFold(name, "content-type") || strings.EqualFold(name, "content-md5") ||
		len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

// wireHost returns the Host header as net/http will send it.
func wireHost(req *http.Request) (string, error) {
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	switch {
	case host == "":
		return "", errors.New("request has no host")
	case strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r > '~' || r == '%' }):
		// net/http rewrites these (punycode, IPv6 zones) while sending.
		return "", fmt.Errorf("host %q must be plain ASCII without a zone", host)
	}
	return host, nil
}

// wireContentLength returns the Content-Length that net/http will send, if any: the length of a body
// if known, and "0" for methods for which servers expect it.
func wireContentLength(req *http.Request) (length string, sent bool) {
	if req.ContentLength > 0 {
		return strconv.FormatInt(req.ContentLength, 10), true
	}
	empty := req.ContentLength == 0 && (req.Body == nil || req.Body == http.NoBody)
	switch req.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		return "0", empty
	}
	return "", false
}
