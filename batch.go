package havip

import (
	"context"
	"fmt"

	"havip/ledger"
)

// Batch is a handle to a batch in Redis; [Client.Batch] returns one for any name. One program may enqueue
// a batch and another wait for it.
type Batch struct {
	Name   string
	client *Client
}

// Status reads the batch's state, at a cost that does not depend on its size. A batch that does not exist
// is a [*ledger.BatchNotFoundError].
func (b Batch) Status(ctx context.Context) (ledger.Batch, error) {
	return b.client.ledger.Batch(ctx, b.Name)
}

// Wait returns the batch when all its items are finished. Failed items are counted by
// [ledger.Batch.Failed] and are no error. Wait polls Redis at most twice a second, whatever the batch's
// size, and keeps no connection between polls.
//
// It tolerates an outage of Redis for [DefaultPatience]; a lasting error, such as a wrong password, ends
// the wait. When ctx ends, Wait returns ctx's error and the batch as last read; the batch continues.
//
// A batch makes no progress without a worker for its lane, or while the lane is paused or suspended;
// `enqueue status` reports both.
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
