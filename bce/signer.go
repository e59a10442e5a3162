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
	// DefaultSignatureExpiry is how long a signature is valid, as with Baidu's own tools. A
	// [Client]'s signatures expire sooner: a minute after their call's deadline.
	DefaultSignatureExpiry = 1800 * time.Second

	authVersion     = "bce-auth-v1"
	timestampLayout = "2006-01-02T15:04:05Z"

	headerDate          = "X-Bce-Date"
	headerSecurityToken = "X-Bce-Security-Token" // #nosec G101 -- a header's name
	headerRequestID     = "X-Bce-Request-Id"
)

// Signer signs requests under bce-auth-v1. It is safe for concurrent use; create one with
// [NewSigner] and share it, because it caches signing keys.
type Signer struct {
	// signingKey is [keyCache.get], a function so that fmt cannot print the cache: it follows a
	// pointer for verbs such as %f.
	signingKey func(secretAccessKey, authPrefix string) string
}

// NewSigner returns a Signer.
func NewSigner() *Signer { return &Signer{signingKey: new(keyCache).get} }

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

// authPrefix joins version, access key, time and expiry.
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
			// Each value is sent on its own line, and the specification does not say how a
			// server joins them.
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
