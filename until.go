package havip

import "context"

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
