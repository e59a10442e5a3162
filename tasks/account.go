package tasks

import (
	"context"
	"time"

	"havip/lifecycle"
)

// SeesOwn reports whether the lane's key shows a HaVIP that items of the lane own, or there is none to show. A key
// that shows none is another account's, or all was deleted by hand.
func (h *Handler) SeesOwn(ctx context.Context) (bool, error) {
	some, err := h.Ledger.SomeHaVIPs(ctx, h.Lane.String(), 1)
	if err != nil || len(some) == 0 {
		return err == nil, err
	}
	ids, err := h.finder.IDs(ctx, time.Now())
	if err != nil {
		return false, err
	}
	return h.ownsAny(ctx, ids)
}

// plainlyOlder is the age from which on a HaVIP is told from one that a request creates which is begun now: both ages are
// of whole seconds.
const plainlyOlder = lifecycle.AgeSlack + 2*time.Second

// AwaitOlder waits until every HaVIP of the lane is so old that no request which is begun after that could
// have created it, as far as their ages tell; some seconds at most, and with a key that may not list as well. Waits is
// told how long, unless there is nothing to wait for.
func (h *Handler) AwaitOlder(ctx context.Context, waits func(time.Duration)) error {
	wait := time.Until(h.allOlder(ctx))
	if wait <= 0 {
		return nil
	}
	waits(wait)
	return pause(ctx, wait)
}

// allOlder is when all that exists now is plainly older. A listing tells whether that is at once; where it ends with an
// error, or takes too long, the time has passed all the same.
func (h *Handler) allOlder(ctx context.Context) (at time.Time) {
	at = time.Now()
	latest := at.Add(plainlyOlder)
	ctx, cancel := context.WithDeadline(ctx, latest)
	defer cancel()
	for page, err := range (Reader{Rate: h.ListRate}).Pages(ctx, h.API) {
		if err != nil || page.Date.IsZero() {
			return latest
		}
		for _, havip := range page.HaVIPs {
			if havip.CreatedTime.IsZero() {
				continue
			}
			age := max(page.Date.Sub(havip.CreatedTime), 0)
			if older := time.Now().Add(plainlyOlder - age); older.After(at) {
				at = older
			}
		}
	}
	return at
}
