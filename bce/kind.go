package bce

// Kind says how far a failed call came. The zero Kind is no failure.
type Kind int

const (
	// KindLocal is a refusal here, before anything was sent: invalid input, no credentials.
	KindLocal Kind = iota + 1
	// KindDNS is an endpoint's name that could not be resolved. Not sent.
	KindDNS
	// KindDial is a connection that could not be made: refused, unreachable, too slow, or
	// a proxy would not. Not sent.
	KindDial
	// KindTLS is a connection that could not be made secure. Not sent.
	KindTLS
	// KindTimeout is a timeout, or the context's deadline, before an answer.
	KindTimeout
	// KindCanceled is the end of the caller's context before an answer.
	KindCanceled
	// KindBroken is a connection that broke before an answer: reset, closed, or no HTTP.
	KindBroken
	// KindUnreadable is an answer that cannot be understood: a gateway's HTML, an empty,
	// truncated or oversized body, an error without a code. The status is kept.
	KindUnreadable
	// KindMissingID is a success that names no HaVIP. See [ErrMissingID].
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

// String returns the kind as one word, fit for a metric's label; "" for no failure.
func (k Kind) String() string { return kindNames[k] }

// Transport reports whether the call ended without an answer, on the network or by the
// context. [Error.StatusCode] is 0 for exactly these and [KindLocal].
func (k Kind) Transport() bool {
	switch k {
	case KindDNS, KindDial, KindTLS, KindTimeout, KindCanceled, KindBroken:
		return true
	default:
		return false
	}
}
