package bce

import (
	"context"
	"time"
)

type dateKey struct{}

// WithDate returns a context whose calls are dated at the given moment of the server's clock, instead
// of the moment at which they are sent. BCE refuses a request whose date is more than half an hour
// from its clock, before anything else; so what was decided at that moment is not carried out much
// later, whatever delays the request, and whatever the clocks do meanwhile.
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
