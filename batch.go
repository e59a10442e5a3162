package havip

import (
	"context"
	"fmt"

	"havip/ledger"
)

// Batch is a handle to a batch in Redis; [Client.Batch] returns one for any name. Batches are known
// to every program by their names, so that one may enqueue and another wait.
type Batch struct {
	Name   string
	client *Client
}

// Status reads how the batch stands, at a cost that does not depend on its size. One that nobody
// has put in is a [*ledger.BatchNotFoundError].
func (b Batch) Status(ctx context.Context) (ledger.Batch, error) {
	return b.client.ledger.Batch(ctx, b.Name)
}

// Wait returns when nothing is left to do in the batch, and how it stands then: what failed is
// counted by [ledger.Batch.Failed] and is no error. It asks Redis twice a second, whatever the
// batch's size, and holds no connection meanwhile.
//
// An outage of Redis is tolerated for [DefaultPatience]; an error that waiting does not end, such as a wrong password, ends the wait. When ctx ends, the error is ctx's, and the
// batch goes on without its waiter; the batch is as it was last seen.
//
// Nothing moves without a worker of the items' lane, nor in a lane that is held back: `enqueue status`
// tells.
func (b Batch) Wait(ctx context.Context) (ledger.Batch, error) {
	var seen ledger.Batch
	err := b.client.until(ctx, func() (bool, error) {
		now, err := b.Status(ctx)
		if err != nil {
			return false, err
		}
		seen = now
		return now.Done(), nil
	})
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("wait for batch %q, %d of %d items open: %w", b.Name, seen.Open(), seen.Total, err)
	}
	return seen, err
}
