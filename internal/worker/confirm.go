package worker

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/internal/queue"
	"havip/ledger"
	"havip/tasks"
)

// The bounds of confirming. A round costs BCE one listing, or one read for each of a few HaVIPs. While nothing is to be
// confirmed, a worker costs Redis one command every confirmEvery for all of its lanes; see [unconfirmedWatch].
const (
	confirmEvery = time.Second
	// confirmSoon replaces confirmEvery after a round with at least confirmMany items: a lane that creates so many is
	// listed again soon, so that its batches end soon after their last creates.
	confirmSoon = 100 * time.Millisecond
	confirmMany = 100
	// confirmLatest bounds the wait for the next round after failures.
	confirmLatest = 30 * time.Second
	// confirmLease is how long the elected worker stays elected without renewing. Two elected workers
	// at once only ask twice.
	confirmLease = 5 * time.Second
	// confirmBatches and confirmItems bound a round, confirmPage one of its round trips.
	confirmBatches = 200
	confirmItems   = 2000
	confirmPage    = 500
)

// Confirmer asks BCE for the HaVIPs that it reported as created in one lane, and records the answers. One elected
// worker per lane does this. See [lifecycle.Confirm].
type Confirmer struct {
	rdb     redis.Cmdable
	ledger  *ledger.Ledger
	handler *tasks.Handler
	lane    tasks.Lane
	name    string
	log     zerolog.Logger
	// outage explains failed rounds; it may be nil.
	outage *outage
	// found receives the rank of an active batch from which on some have unconfirmed items.
	found chan int64
	// rank is the active batch at which the next round begins.
	rank   int64
	damage damage
}

// run confirms until ctx ends. It is busy at most half of the time, because the rate of reads is shared.
func (c *Confirmer) run(ctx context.Context) {
	for wait := time.Duration(0); ; {
		if !c.await(ctx, wait) {
			return
		}
		began := time.Now()
		looked, err := c.Round(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			wait = min(max(2*wait, confirmEvery), confirmLatest)
			c.log.WithLevel(c.outage.level(ctx, zerolog.WarnLevel)).Err(err).Dur("again_after", wait).Msg("some created HaVIPs could not be confirmed; will be retried")
		case looked == 0:
			wait = 0
		default:
			wait = pauseAfter(looked, time.Since(began))
		}
	}
}

// await waits for so long, or if that is 0 until there are unconfirmed items. It returns false if ctx ends first.
func (c *Confirmer) await(ctx context.Context, wait time.Duration) bool {
	found, after := c.found, (<-chan time.Time)(nil)
	if wait > 0 {
		found, after = nil, time.After(wait)
	}
	select {
	case c.rank = <-found:
	case <-after:
	case <-ctx.Done():
		return false
	}
	return true
}

// pauseAfter returns how long to wait after a round that took so long to look at so many items.
func pauseAfter(looked int, took time.Duration) time.Duration {
	least := confirmEvery
	if looked >= confirmMany {
		least = confirmSoon
	}
	return max(least, min(took, confirmLatest))
}

// Round confirms the items that are due, if this worker is elected, and returns how many it looked at.
func (c *Confirmer) Round(ctx context.Context) (looked int, err error) {
	items, err := c.due(ctx)
	if err != nil || len(items) == 0 {
		return 0, err
	}
	if elected, err := elect(ctx, c.rdb, "havip:confirmer:"+c.lane.String(), c.name, confirmLease); err != nil || !elected {
		return 0, err
	}
	renewed, err := c.handler.Confirm(ctx, items)
	for _, item := range renewed {
		_, failed := queue.Enqueue(ctx, c.rdb, item) // after an error, the reconciler finds the item without a task
		err = errors.Join(err, failed)
	}
	return len(items), err
}

// due returns the lane's items that are due for confirmation.
func (c *Confirmer) due(ctx context.Context) (items []ledger.Item, err error) {
	batches, listed, err := c.ledger.Unconfirmed(ctx, c.rank, confirmBatches)
	if err != nil {
		return nil, err
	}
	if c.rank += confirmBatches; listed < confirmBatches {
		c.rank = 0
	}
	for _, batch := range batches {
		for skip := int64(0); len(items) < confirmItems; skip += confirmPage {
			page, more, err := c.ledger.Due(ctx, batch, skip, confirmPage)
			if _, err = c.damage.skip(c.log, err); err != nil {
				return items, err
			}
			for _, item := range page {
				if tasks.LaneOf(item) == c.lane {
					items = append(items, item)
				}
			}
			if !more {
				break
			}
		}
	}
	return items, nil
}
