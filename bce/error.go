package bce

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Errors that an [*Error] may wrap.
var (
	// ErrMissingID says that a success named no HaVIP: something may have been created, but
	// what is not known.
	ErrMissingID = errors.New("answer has no haVipId")
	// ErrInvalid reports input that was refused before sending.
	ErrInvalid = errors.New("invalid input")
)

// Error is the failure of one call. All its texts are short and have one line, without the
// request's signature, secret or session token.
type Error struct {
	// Op is the operation, such as "create havip", and Subject the ID of its object, if any.
	Op, Subject string
	// Kind says how far the call got.
	Kind Kind
	// Sent is false only if no byte of the request was written to a connection, which
	// proves that BCE did not act. If that is unknown, Sent is true.
	Sent bool

	// StatusCode is the answer's HTTP status; 0 if there was no answer.
	StatusCode int
	// Code and Message are BCE's own words, as in [CodeAccessDenied].
	Code, Message string
	// RequestID identifies the request for Baidu's support.
	RequestID string
	// RetryAfter is the answer's Retry-After, neither capped nor jittered; it may be 0.
	// HasRetryAfter reports whether the answer had one.
	RetryAfter    time.Duration
	HasRetryAfter bool
	// ServerDate is the server's clock when it answered; zero without an answer.
	ServerDate time.Time

	// Err is the cause, if there is one besides BCE's answer.
	Err error
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Error returns one line: `create havip: 403 AccessDenied: not allowed (request id …)`.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Subject != "" {
		b.WriteString(" " + e.Subject)
	}
	b.WriteString(":")
	if e.StatusCode != 0 {
		b.WriteString(" " + strconv.Itoa(e.StatusCode))
	}
	for i, part := range e.parts() {
		if i > 0 {
			b.WriteString(":")
		}
		b.WriteString(" " + part)
	}
	if e.RequestID != "" {
		b.WriteString(" (request id " + e.RequestID + ")")
	}
	return b.String()
}

// parts returns what follows operation and status.
func (e *Error) parts() []string {
	var parts []string
	switch {
	case e.Kind == KindAPI:
	case e.Kind == KindLocal:
		parts = append(parts, "not sent")
	case e.Kind.Transport() && !e.Sent:
		parts = append(parts, "not sent", e.Kind.String())
	case e.Kind.Transport():
		parts = append(parts, "sent, no answer", e.Kind.String())
	}
	if e.Err != nil {
		parts = append(parts, clean(e.Err.Error(), maxMessage))
	}
	for _, word := range []string{e.Code, e.Message} {
		if word != "" {
			parts = append(parts, word)
		}
	}
	return parts
}
