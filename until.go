package havip

import (
	"context"

	"havip/internal/redisconn"
)

// DefaultPatience is how long a waiting call tolerates a Redis that does not answer. When Redis is back, the call and
// the batch continue.
const DefaultPatience = redisconn.DefaultPatience

// until polls until poll reports done, or with ctx's error until ctx ends. It tolerates the errors that [waiter.read]
// tolerates; any other error ends it.
func (c *Client) until(ctx context.Context, poll func() (done bool, err error)) error {
	pace, reads := pace{}, waiter{client: c}
	for {
		var done bool
		err := reads.read(ctx, func() (err error) {
			done, err = poll()
			return err
		})
		if err != nil || done {
			return err
		}
		if err := pace.wait(ctx); err != nil {
			return err
		}
	}
}

// waiter reads from Redis for one waiting call.
type waiter struct {
	client *Client
	// answered reports that Redis has answered before. Otherwise an unreachable single server is an error at once, as its
	// address may be wrong; a failover is always waited for.
	answered bool
}

// read repeats a read while Redis fails with a temporary error, at most as long as the client's patience.
func (w *waiter) read(ctx context.Context, read func() error) error {
	patience := redisconn.Patience{Passing: w.client.patience}
	if w.answered {
		patience.Down = w.client.patience
	}
	err := redisconn.Await(ctx, patience, nil, func(context.Context) error {
		return redisconn.ExplainOf(w.client.rdb, read())
	})
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	w.answered = w.answered || err == nil
	return err
}
