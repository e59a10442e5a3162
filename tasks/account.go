package tasks

import (
	"context"
	"errors"
	"time"

	"havip/bce"
	"havip/lifecycle"
)

// ownReads is how many of the lane's HaVIPs are read one by one before the lane is listed.
const ownReads = 10

// SeesOwn reports whether the lane's key shows a HaVIP that items of the lane own, or there is none to show. A key that
// shows none belongs to another account, or all HaVIPs were deleted by hand; BCE's answers about HaVIPs do not tell
// which. The error satisfies [IsDenied] if the key may neither read nor list.
func (h *Handler) SeesOwn(ctx context.Context) (bool, error) {
	some, err := h.Ledger.OwnedHaVIPs(ctx, h.Lane.String(), ownReads)
	if err != nil || len(some) == 0 {
		return err == nil, err
	}
	mayRead := false
	for _, id := range some {
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

// plainlyOlder is the age at which a HaVIP cannot be mistaken for one that a request from now on creates. Both ages are in
// whole seconds, which the two seconds allow for.
const plainlyOlder = lifecycle.AgeSlack + 2*time.Second

// AwaitOlder waits until every HaVIP of the lane is so old that, by its age, no later request can have created it. That
// takes some seconds at most, also if the key may not list. It calls waits with the time before it waits, and not at all
// if there is nothing to wait for.
func (h *Handler) AwaitOlder(ctx context.Context, waits func(time.Duration)) error {
	wait := time.Until(h.allOlder(ctx))
	if wait <= 0 {
		return nil
	}
	waits(wait)
	return pause(ctx, wait)
}

// allOlder returns when all that exists now is plainly older. A listing can only shorten the wait: if it fails, or takes
// longer than the wait, the full time is enough.
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
