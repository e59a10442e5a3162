package havip

import (
	"context"

	"havip/internal/redisconn"
)

// DefaultPatience is how long a waiting call tolerates a Redis that does not answer: the batch goes on by itself when
// Redis is back, and so does the call.
const DefaultPatience = redisconn.DefaultPatience

// until calls look again and again, until it reports that the wait is over. It tolerates what [waiter.read] does; any
// other error ends it, and so does the end of ctx, with ctx's error.
func (c *Client) until(ctx context.Context, look func() (over bool, err error)) error {
	pace, reads := pace{}, waiter{client: c}
	for {
		var over bool
		err := reads.read(ctx, func() (err error) {
			over, err = look()
			return err
		})
		if err != nil || over {
			return err
		}
		if err := pace.wait(ctx); err != nil {
			return err
		}
	}
}

// waiter reads again and again for one call that waits.
type waiter struct {
	client *Client
	// answered says that Redis has answered before. A single server that nobody reaches is waited for only then, since it
	// may be the wrong one; a failover always is.
	answered bool
}

// read repeats a read while Redis fails for a reason that passes by itself, at most as long as the client's patience.
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
