package havip

import "context"

// Create enqueues one item and waits until it has its HaVIP: [Client.Enqueue], then [Batch.Await]. It
// is for automation that needs one haVipId, and is repeated as it is after whatever went wrong, in this
// process or in another one: the item is known by its batch and key (by default, its name), and every
// call for it returns the same HaVIP.
//
// An item that ended without a HaVIP is a [*FailedError]; one under whose key the batch holds another
// request, a [*ConflictError]. When ctx ends, the error is ctx's, and the item goes on.
func (c *Client) Create(ctx context.Context, batch string, item Item) (Result, error) {
	enqueued, err := c.Enqueue(ctx, batch, item)
	if err != nil {
		return Result{}, err
	}
	return enqueued.Await(ctx, item.WithDefaults(c.region).Key)
}
