package havip

import "context"

// Create enqueues one item and waits until its HaVIP exists: [Client.Enqueue], then [Batch.Await]. After
// any error, the same call may be repeated, in this process or another: every call for the same batch and
// key (by default, the item's name) returns the same HaVIP.
//
// An item that failed is a [*FailedError]; a key that has another request in the batch is a
// [*ConflictError]. When ctx ends, Create returns ctx's error, and the item continues.
func (c *Client) Create(ctx context.Context, batch string, item Item) (Result, error) {
	enqueued, err := c.Enqueue(ctx, batch, item)
	if err != nil {
		return Result{}, err
	}
	return enqueued.Await(ctx, item.WithDefaults(c.region).Key)
}
