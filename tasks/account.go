package tasks

import (
	"context"
	"errors"
	"time"

	"havip/bce"
	"havip/lifecycle"
)

// ownReads is how many owned HaVIPs are read one by one before the lane is listed.
const ownReads = 10

// SeesOwn reports whether the lane's key can see a HaVIP that an item of the lane owns. It is true if the items own
// none. If it is false, the key belongs to another account or all HaVIPs were deleted by hand; BCE's answers do not
// distinguish the two. The error satisfies [IsDenied] if the key may neither read nor list.
func (h *Handler) SeesOwn(ctx context.Context) (bool, error) {
	owned, err := h.Ledger.OwnedHaVIPs(ctx, h.Lane.String(), ownReads)
	if err != nil || len(owned) == 0 {
		return err == nil, err
	}
	mayRead := false
	for _, id := range owned {
		_, err := h.readHaVIP(ctx, id)
		if err == nil {
			return true, nil
		}
		var e *bce.Error
		mayRead = mayRead || errors.As(err, &e) && isNotFound(e)
	}
	own, err := h.listsOwn(ctx)
	if mayRead && IsDenied(err) {
		return false, nil // the reads have shown that it sees none of them
	}
	return own, err
}

// listsOwn lists the lane until a page shows a HaVIP that its items own.
func (h *Handler) listsOwn(ctx context.Context) (bool, error) {
	for page, err := range (Reader{Rate: h.ListRate}).Pages(ctx, h.API) {
		if err != nil {
			return false, err
		}
		ids := make([]string, len(page.HaVIPs))
		for i, havip := range page.HaVIPs {
			ids[i] = havip.ID
		}
		if own, err := h.ownsAny(ctx, ids); own || err != nil {
			return own, err
		}
	}
	return false, nil
}

// distinctAge is the age at which a HaVIP cannot be mistaken for one that a later request creates. The two seconds
// cover the rounding of both ages to seconds.
const distinctAge = lifecycle.AgeSlack + 2*time.Second

// AwaitOlder waits until every HaVIP of the lane is too old to have been created by a later request. It takes at most
// some seconds, even if the key may not list. If it must wait, it first calls waits with the duration.
func (h *Handler) AwaitOlder(ctx context.Context, waits func(time.Duration)) error {
	wait := time.Until(h.allOlder(ctx))
	if wait <= 0 {
		return nil
	}
	waits(wait)
	return pause(ctx, wait)
}

// allOlder returns when every existing HaVIP has reached distinctAge. A listing only shortens the wait: if it fails or
// is slow, the full wait applies.
func (h *Handler) allOlder(ctx context.Context) (at time.Time) {
	at = time.Now()
	latest := at.Add(distinctAge)
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
			if older := time.Now().Add(distinctAge - age); older.After(at) {
				at = older
			}
		}
	}
	return at
}
