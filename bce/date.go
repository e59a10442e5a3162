package bce

import (
	"context"
	"time"
)

type dateKey struct{}

// WithDate returns a context whose calls are signed for the given time of the server's clock instead of the
// time of sending. BCE refuses a request whose signature has expired; so a request that is delayed long
// after its decision has no effect.
func WithDate(ctx context.Context, at time.Time) context.Context {
	return context.WithValue(ctx, dateKey{}, at)
}

// date returns the time for which to sign.
func (c *Client) date(ctx context.Context) time.Time {
	at, given := ctx.Value(dateKey{}).(time.Time)
	if !given {
		at = c.config.Now().Add(c.ClockOffset())
	}
	return at.UTC().Truncate(time.Second)
}

// signatureMargin is how long a signature is valid after its request's deadline. It must exceed
// [clockTolerance]; otherwise BCE would refuse valid requests of an uncorrected clock.
const signatureMargin = 2 * clockTolerance

// signatureLife returns how long the call's signature is valid: until the call's deadline, and a margin. BCE must
// refuse a later arrival, because the caller may already have acted on the timeout.
func signatureLife(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return DefaultSignatureExpiry
	}
	left := (max(time.Until(deadline), 0) + time.Second - 1).Truncate(time.Second)
	return min(left+signatureMargin, DefaultSignatureExpiry)
}
