package bce

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Attempt describes one finished HTTP request to [Config.OnAttempt]. It contains no secrets.
// A call refused before sending is not an attempt.
type Attempt struct {
	// Op and Subject are as in [Error].
	Op, Subject string
	// Method and Path are as sent; the query is not part of Path.
	Method, Path string
	// ClientToken is the idempotency token sent, if any.
	ClientToken string
	// SignedAt is the time in the signature, clock offset included, or that of [WithDate].
	SignedAt time.Time
	// BodyHash is the SHA-256 of the body in hexadecimal, "" without a body; it proves that
	// attempts of one item sent the same body. BodySize is its length in bytes.
	BodyHash string
	BodySize int

	// Kind is 0 for a success.
	Kind Kind
	// Sent is as in [Error.Sent].
	Sent bool
	// StatusCode, Code and RequestID are as in [Error]. A success has no Code.
	StatusCode int
	Code       string
	RequestID  string
	// Duration is the time from before connecting until the answer was read.
	Duration time.Duration
}

// bodyHash computes [Attempt.BodyHash].
func bodyHash(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
