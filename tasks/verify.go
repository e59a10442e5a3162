package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"havip/bce"
)

const (
	// verifySample is how many of the ledger's HaVIPs a listing is compared with; verifyReads is how many of the
	// missing ones are read.
	verifySample = 30
	verifyReads  = 3
)

// verifyListing returns an error if the listing lacks a HaVIP that exists: a deletion during the listing may move a
// HaVIP to an earlier page. It compares a random sample of the ledger's HaVIPs, and reads the missing ones from BCE.
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
			return fmt.Errorf("cannot verify that the listing is complete: %s is not listed and cannot be read: %w", id, err)
		case out.HaVIP.CreatedTime.Before(began.Add(h.API.ClockOffset() - listingLag)):
			return fmt.Errorf("the listing is incomplete: it lacks %s, which exists", id)
		}
	}
	return nil
}

// listingLag is how long after a create a listing may not show it.
const listingLag = 30 * time.Second
