package bce

import (
	"context"
	"time"
)

type dateKey struct{}

// WithDate returns a context whose calls are dated at the given moment of the server's clock, instead
// of the moment at which they are sent. BCE refuses a request whose signature has expired, before anything
// else; so what was decided at that moment is not carried out much later, whatever delays the request, and
// whatever the clocks do meanwhile.
func WithDate(ctx context.Context, at time.Time) context.Context {
	return context.WithValue(ctx, dateKey{}, at)
}

// date is what the call is dated.
func (c *Client) date(ctx context.Context) time.Time {
	at, given := ctx.Value(dateKey{}).(time.Time)
	if !given {
		at = c.config.Now().Add(c.ClockOffset())
	}
	return at.UTC().Truncate(time.Second)
}

// signatureMargin is how long a signature is good for after its request's deadline. It must be more than
// [clockTolerance], or BCE would refuse good requests of a clock that is not corrected.
const signatureMargin = 2 * clockTolerance

// signatureLife is how long the call's signature is good for: until the call's deadline, and a margin. The
// caller has given up by then, and may already act on that: what arrives later, BCE must refuse.
func signatureLife(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return DefaultSignatureExpiry
	}
	left := (max(time.Until(deadline), 0) + time.Second - 1).Truncate(time.Second)
	return min(left+signatureMargin, DefaultSignatureExpiry)
}
