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

// AwaitOlder waits until every HaVIP of the lane is so old that no request which is begun after that could
// have created it, as far as their ages tell; some seconds at most.
func (h *Handler) AwaitOlder(ctx context.Context) error {
	all, err := h.finder.since(ctx, time.Now())
	if err != nil {
		return err
	}
	const plainly = lifecycle.AgeSlack + 2*time.Second // both ages are of whole seconds
	wait := time.Duration(0)
	for _, id := range all.index.IDs() {
		if s := all.sight(id); !s.Undated {
			wait = max(wait, plainly-max(s.Age+time.Since(s.At), 0))
		}
	}
	return pause(ctx, wait)
}
