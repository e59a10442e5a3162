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

// ErrNoCredentials says that a source of credentials holds none. A [Chain] goes on to its
// next source on this error only.
var ErrNoCredentials = errors.New("no credentials")

// Credentials are an access key and, for temporary ones, a session token and an expiry.
//
// They print as the beginning of the access key ID and nothing else, whatever the verb. The
// values sit inside a closure, because fmt calls no String or Format method on an
// unexported field: a client that held them as plain strings would print them, and for a
// verb that does not fit, even one that held them behind a pointer.
//
// The zero value is no credentials.
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

// WithExpiry returns the credentials with the time from which they are no longer good.
func (c Credentials) WithExpiry(expires time.Time) Credentials {
	c.expires = expires
	return c
}

// AccessKeyID returns the public half of the key, whole.
func (c Credentials) AccessKeyID() string { return c.secrets().accessKeyID }

// Temporary reports whether a session token is sent along.
func (c Credentials) Temporary() bool { return c.secrets().sessionToken != "" }

// Expiry returns when the credentials end; ok is false when that is not known.
func (c Credentials) Expiry() (expires time.Time, ok bool) { return c.expires, !c.expires.IsZero() }

// Source is where the credentials were found: a variable, or a profile and its file. It is "" where their
// provider does not say.
func (c Credentials) Source() string { return c.source }

// Fingerprint tells the access key from others without showing it: the beginning of a hash of its ID, as 16
// hexadecimal digits. It is "" without an access key.
func (c Credentials) Fingerprint() string {
	id := c.AccessKeyID()
	if id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:8])
}

// ShortID is the beginning of the access key ID, fit for a log.
func (c Credentials) ShortID() string { return c.masked() }

// IsZero reports whether these are no credentials at all.
func (c Credentials) IsZero() bool { return c.read == nil }

// String shows the beginning of the access key ID.
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

// MarshalText writes [Credentials.String], so that JSON and its like cannot show more.
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

// forSigning refuses credentials with which no request can be signed: half of a pair, or
// text that would break the header it travels in (a pasted newline is the usual cause).
func (c Credentials) forSigning() (secrets, error) {
	s := c.secrets()
	switch {
	case s.accessKeyID == "" && s.secretAccessKey == "":
		return secrets{}, ErrNoCredentials
	case s.accessKeyID == "":
		return secrets{}, errors.New("credentials: access key ID is empty")
	case s.secretAccessKey == "":
		return secrets{}, errors.New("credentials: secret access key is empty")
	case !isHeaderWord(s.accessKeyID) || strings.Contains(s.accessKeyID, "/"):
		return secrets{}, errors.New("credentials: access key ID must be printable ASCII without spaces and slashes")
	case !isHeaderWord(s.sessionToken):
		return secrets{}, errors.New("credentials: session token must be printable ASCII without spaces")
	}
	return s, nil
}

// checkUnquoted refuses values in quotes, given as pairs of name and value. The quotes were meant for a shell or
// a file's format, are no part of any key, and would make BCE refuse every request.
func checkUnquoted(pairs ...string) error {
	const quotes = "\"'`\u201c\u201d\u2018\u2019"
	for pair := range slices.Chunk(pairs, 2) {
		if strings.Trim(pair[1], quotes) != pair[1] {
			return fmt.Errorf("%s has quotes around its value; remove them", pair[0])
		}
	}
	return nil
}

// isHeaderWord reports whether s is made of visible ASCII only; "" is.
func isHeaderWord(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Provider is a source of credentials. [Client] asks it at every call, from any goroutine.
type Provider interface {
	// Retrieve returns credentials that are good now, or an error that says what was
	// looked at and what to do. The error wraps [ErrNoCredentials] when the source is
	// simply empty.
	Retrieve(ctx context.Context) (Credentials, error)
}

// StaticProvider always answers with the same credentials.
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
