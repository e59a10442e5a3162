package bce

// Kind says how far a failed call got. The zero Kind means no failure.
type Kind int

const (
	// KindLocal is a refusal by the client before sending: invalid input, no credentials.
	KindLocal Kind = iota + 1
	// KindDNS is an endpoint whose name could not be resolved. Not sent.
	KindDNS
	// KindDial is a failure to connect: refused, unreachable, too slow, or refused by a
	// proxy. Not sent.
	KindDial
	// KindTLS is a failed TLS handshake. Not sent.
	KindTLS
	// KindTimeout is a timeout, or the context's deadline, before an answer.
	KindTimeout
	// KindCanceled is the end of the caller's context before an answer.
	KindCanceled
	// KindBroken is a connection that failed before an answer: reset, closed, or no HTTP.
	KindBroken
	// KindUnreadable is an unreadable answer: a gateway's HTML, an empty, truncated or
	// oversized body, an error without a code. The status is kept.
	KindUnreadable
	// KindMissingID is a success without a haVipId. See [ErrMissingID].
	KindMissingID
	// KindAPI is a definite answer with a BCE code.
	KindAPI
)

var kindNames = map[Kind]string{
	KindLocal:      "local",
	KindDNS:        "dns",
	KindDial:       "dial",
	KindTLS:        "tls",
	KindTimeout:    "timeout",
	KindCanceled:   "canceled",
	KindBroken:     "broken",
	KindUnreadable: "unreadable",
	KindMissingID:  "missing-id",
	KindAPI:        "api",
}

// String returns the kind as one word, for metric labels; "" means no failure.
func (k Kind) String() string { return kindNames[k] }

// Transport reports whether the network or the context ended the call before an answer.
// [Error.StatusCode] is 0 for exactly these kinds and [KindLocal].
func (k Kind) Transport() bool {
	switch k {
	case KindDNS, KindDial, KindTLS, KindTimeout, KindCanceled, KindBroken:
		return true
	default:
		return false
	}
}
