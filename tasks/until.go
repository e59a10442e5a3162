package tasks

import (
	"context"
	"time"
)

// until looks again and again, until a look says that it is over. It bears what an outage bears; any
// other error ends it, and so does ctx, with its own.
func (c *Client) until(ctx context.Context, look func() (over bool, err error)) error {
	var pace pace
	outage := outage{patience: c.patience}
	for {
		over, err := look()
		if err = outage.bear(ctx, err); err != nil || over {
			return err
		}
		if err := pace.wait(ctx); err != nil {
			return err
		}
	}
}

// addressGrace bounds the wait for the addresses that BCE chose, once everything has ended: one that
// cannot be learnt fails nothing.
const addressGrace = 10 * time.Second

// grace decides when something is over that has ended and may yet learn an address.
type grace struct{ ended time.Time }

func (g *grace) over(ended, pending bool) bool {
	switch {
	case !ended:
		g.ended = time.Time{}
		return false
	case g.ended.IsZero():
		g.ended = time.Now()
	}
	return !pending || time.Since(g.ended) > addressGrace
}
