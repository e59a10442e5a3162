package bce

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// DefaultSignatureExpiry is how long a signature is good for, the default of Baidu's
	// own tools. A [Client]'s signatures end sooner: a minute after their call's deadline.
	DefaultSignatureExpiry = 1800 * time.Second

	authVersion     = "bce-auth-v1"
	timestampLayout = "2006-01-02T15:04:05Z"

	headerDate          = "X-Bce-Date"
	headerSecurityToken = "X-Bce-Security-Token" // #nosec G101 -- a header's name
	headerRequestID     = "X-Bce-Request-Id"
)

// Signer signs requests under bce-auth-v1. It is safe for concurrent use; make one with
// [NewSigner] and share it, for it remembers the signing key of the current second.
type Signer struct {
	// signingKey is [keyCache.get]. Held as a function, the cache cannot be printed: a
	// pointer is followed by fmt where the verb does not fit it, such as %f.
	signingKey func(secretAccessKey, authPrefix string) string
}

// NewSigner returns a Signer.
func NewSigner() *Signer { return &Signer{signingKey: new(keyCache).get} }

// SignInput is what a signature depends on besides the request.
type SignInput struct {
	Credentials Credentials
	// Time is when the request is signed. BCE refuses one that is 30 minutes or more away
	// from its own clock, so a learned clock offset belongs into it.
	Time time.Time
	// Expiry is how long after Time the signature is good for, in whole seconds;
	// 0 means [DefaultSignatureExpiry].
	Expiry time.Duration
}

// Sign sets x-bce-date, x-bce-security-token (for temporary credentials, and removes it for
// others) and Authorization. It signs host as it will be sent, content-length where it will
// be sent, content-type and content-md5 where present, and every x-bce-* header; so nothing
// of these may change afterwards. A request may be signed again: the old signature is
// replaced.
//
// It refuses what would be signed otherwise than sent, and credentials that cannot travel
// in a header. The request's body is neither read nor signed, unless Content-MD5 is set.
func (s *Signer) Sign(req *http.Request, in SignInput) error {
	secrets, err := in.Credentials.forSigning()
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	timestamp := in.Time.UTC().Format(timestampLayout)
	req.Header.Set(headerDate, timestamp)
	req.Header.Del(headerSecurityToken)
	if secrets.sessionToken != "" {
		req.Header.Set(headerSecurityToken, secrets.sessionToken)
	}

	headers, err := headersToSign(req)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	uri, err := canonicalURI(req.URL.EscapedPath())
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	query, err := parseQuery(req.URL.RawQuery)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	lines, signedHeaders := canonicalHeaders(headers)
	request := canonicalRequest(req.Method, uri, canonicalQuery(query), lines)
	prefix := authPrefix(secrets.accessKeyID, timestamp, in.Expiry)
	key := s.signingKey(secrets.secretAccessKey, prefix)
	req.Header.Set("Authorization", authorization(prefix, signedHeaders, signature(key, request)))
	return nil
}

// authPrefix names who signs, when and for how long.
func authPrefix(accessKeyID, timestamp string, expiry time.Duration) string {
	if expiry == 0 {
		expiry = DefaultSignatureExpiry
	}
	seconds := strconv.FormatInt(int64(expiry/time.Second), 10)
	return strings.Join([]string{authVersion, accessKeyID, timestamp, seconds}, "/")
}

func authorization(authPrefix, signedHeaders, signature string) string {
	return authPrefix + "/" + signedHeaders + "/" + signature
}

// headersToSign collects the default set of signed headers.
func headersToSign(req *http.Request) ([]param, error) {
	host, err := wireHost(req)
	if err != nil {
		return nil, err
	}
	headers := []param{{"host", host}}
	if length, sent := wireContentLength(req); sent {
		headers = append(headers, param{"content-length", length})
	}
	for name, values := range req.Header {
		lower := strings.ToLower(name)
		if lower != "content-type" && lower != "content-md5" && !strings.HasPrefix(lower, "x-bce-") {
			continue
		}
		if len(values) != 1 {
			// Each value goes out as a line of its own, and the specification does not
			// say how a server joins them.
			return nil, fmt.Errorf("header %s has %d values; one can be signed", lower, len(values))
		}
		headers = append(headers, param{lower, values[0]})
	}
	return headers, nil
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

// wireContentLength says whether net/http will send a Content-Length, and which: always
// with a body of known length, and "0" for the methods of which servers expect it.
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
