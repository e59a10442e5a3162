package bce

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// ErrNoCredentials reports that a source has no credentials. Only after this error does a
// [Chain] try its next source.
var ErrNoCredentials = errors.New("no credentials")

// missingError is [ErrNoCredentials] of one source. Its text says what is missing there, without repeating that there are none.
type missingError struct {
	text  string
	cause error
}

func (e *missingError) Error() string { return e.text }
func (e *missingError) Unwrap() []error {
	if e.cause == nil {
		return []error{ErrNoCredentials}
	}
	return []error{ErrNoCredentials, e.cause}
}

// Credentials are an access key and, for temporary ones, a session token and an expiry.
//
// Every fmt verb prints only the beginning of the access key ID. The values are in a closure,
// because fmt calls no String or Format method of an unexported field: it would print plain
// strings, and with some verbs even those behind a pointer.
//
// The zero value means no credentials.
type Credentials struct {
	read    func() secrets
	expires time.Time
	source  string
}

type secrets struct{ accessKeyID, secretAccessKey, sessionToken string }

// NewCredentials returns credentials without an expiry. sessionToken is "" for a permanent
// key.
func NewCredentials(accessKeyID, secretAccessKey, sessionToken string) Credentials {
	return Credentials{read: func() secrets {
		return secrets{accessKeyID, secretAccessKey, sessionToken}
	}}
}

// WithExpiry returns the credentials with the time at which they expire.
func (c Credentials) WithExpiry(expires time.Time) Credentials {
	c.expires = expires
	return c
}

// AccessKeyID returns the whole public half of the key.
func (c Credentials) AccessKeyID() string { return c.secrets().accessKeyID }

// Temporary reports whether there is a session token.
func (c Credentials) Temporary() bool { return c.secrets().sessionToken != "" }

// Expiry returns when the credentials expire; ok is false if that is unknown.
func (c Credentials) Expiry() (expires time.Time, ok bool) { return c.expires, !c.expires.IsZero() }

// Source returns where the credentials were found: a variable, or a profile and its file; "" if unknown.
func (c Credentials) Source() string { return c.source }

// Fingerprint identifies the access key without showing it: the first 16 hexadecimal digits of a hash of its ID, ""
// without an access key.
func (c Credentials) Fingerprint() string {
	id := c.AccessKeyID()
	if id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:8])
}

// ShortID returns the beginning of the access key ID, for logs.
func (c Credentials) ShortID() string { return c.masked() }

// Same reports whether both are the same key with the same session token.
func (c Credentials) Same(other Credentials) bool { return c.secrets() == other.secrets() }

// IsZero reports whether these are the zero value.
func (c Credentials) IsZero() bool { return c.read == nil }

// String returns the beginning of the access key ID.
func (c Credentials) String() string {
	if c.IsZero() {
		return "credentials(none)"
	}
	return "credentials(" + c.masked() + ")"
}

// Format writes [Credentials.String] for every verb and flag.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue keeps slog from reflecting into the value.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText writes [Credentials.String], so that JSON shows no more.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

func (c Credentials) masked() string {
	const shown = 4
	id := c.AccessKeyID()
	if len(id) <= 2*shown {
		return "…"
	}
	return clean(id[:shown], shown) + "…"
}

func (c Credentials) secrets() secrets {
	if c.read == nil {
		return secrets{}
	}
	return c.read()
}

// forSigning refuses credentials that cannot sign a request: an incomplete pair, or text that is
// not valid in a header (often a pasted newline).
func (c Credentials) forSigning() (secrets, error) {
	s := c.secrets()
	switch {
	case s.accessKeyID == "" && s.secretAccessKey == "":
		return secrets{}, ErrNoCredentials
	case s.accessKeyID == "":
		return secrets{}, errors.New("access key ID is empty")
	case s.secretAccessKey == "":
		return secrets{}, errors.New("secret access key is empty")
	case !isHeaderWord(s.accessKeyID) || strings.Contains(s.accessKeyID, "/"):
		return secrets{}, errors.New("access key ID must be printable ASCII without spaces and slashes")
	case !isHeaderWord(s.sessionToken):
		return secrets{}, errors.New("session token must be printable ASCII without spaces")
	}
	return s, nil
}

// checkUnquoted refuses quoted values, given as pairs of name and value. Quotes meant for a shell or a file format
// are part of no key; with them, BCE would refuse every request.
func checkUnquoted(pairs ...string) error {
	const quotes = "\"'`\u201c\u201d\u2018\u2019"
	for pair := range slices.Chunk(pairs, 2) {
		if strings.Trim(pair[1], quotes) != pair[1] {
			return fmt.Errorf("%s has quotes around its value; remove them", pair[0])
		}
	}
	return nil
}

// isHeaderWord reports whether s has only visible ASCII characters; "" has.
func isHeaderWord(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Provider is a source of credentials. [Client] calls it for every request, from any goroutine.
type Provider interface {
	// Retrieve returns valid credentials, or an error that says what was tried and what to do.
	// The error wraps [ErrNoCredentials] if the source has none.
	Retrieve(ctx context.Context) (Credentials, error)
}

// StaticProvider always returns the same credentials.
type StaticProvider struct{ credentials Credentials }

// NewStaticProvider returns a provider of c.
func NewStaticProvider(c Credentials) StaticProvider { return StaticProvider{c} }

// Retrieve returns the credentials, or [ErrNoCredentials] when they are the zero value.
func (p StaticProvider) Retrieve(context.Context) (Credentials, error) {
	if p.credentials.IsZero() {
		return Credentials{}, fmt.Errorf("static credentials: %w", ErrNoCredentials)
	}
	return p.credentials, nil
}
