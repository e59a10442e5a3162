package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"havip/bce"
)

const (
	// verifySample is how many HaVIPs of the ledger a listing is compared with, and verifyReads how many of
	// those that it does not show are asked for.
	verifySample = 30
	verifyReads  = 3
)

// verifyListing fails a listing that does not show what exists: BCE pages through what comes and goes
// meanwhile, and a page may skip what a deletion has moved to the page before. The HaVIPs that the ledger knows
// are the measure, a few of them at random. One that is not shown was deleted, unless BCE answers with it.
func (h *Handler) verifyListing(ctx context.Context, index *Index, began time.Time) error {
	known, err := h.Ledger.SomeHaVIPs(ctx, h.Lane.String(), verifySample)
	if err != nil {
		return err
	}
	reads := 0
	for _, id := range known {
		if index.Has(id) || reads == verifyReads {
			continue
		}
		reads++
		out, err := h.readHaVIP(ctx, id)
		var refused *bce.Error
		switch {
		case errors.As(err, &refused) && refused.Kind == bce.KindAPI && isNotFound(refused):
		case err != nil:
			return fmt.Errorf("whether the listing is complete cannot be told: %s is not shown, and cannot be read: %w", id, err)
		case out.HaVIP.CreatedTime.Before(began.Add(h.API.ClockOffset() - listingLag)):
			return fmt.Errorf("the listing is incomplete: it does not show %s, which exists", id)
		}
	}
	return nil
}

// listingLag is how long after a create a listing may not show it.
const listingLag = 30 * time.Second
