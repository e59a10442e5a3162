package tasks

import (
	"context"
	"fmt"
	"slices"
	"time"

	"havip/ledger"
)

// confirmGone decides about a HaVIP that BCE reports as not found although we sent no delete for it. That answer is no proof: BCE
// may not show a new HaVIP yet, or the key may belong to another account, which would make every HaVIP of the batch look
// deleted. So the HaVIP counts as deleted only if a listing does not show it either, but shows another one of this ledger.
func (h *Handler) confirmGone(ctx context.Context, j *job) error {
	id, rec := j.item.Record.HaVIPID, j.item.Record
	// It existed when its deletion was asked for, which is the earlier where a clock was put back since.
	created := min(rec.LastSentAt, rec.Deletion.At)
	if age := rec.Deletion.SentAt.Time().Sub(created.Time()); age < h.lookupGrace() {
		return &Postpone{After: h.lookupGrace() - max(age, 0), Reason: id + " is not shown yet, or is gone"}
	}
	ctx, stop := h.untilDrain(ctx)
	defer stop()
	listing, err := h.listHaVIP(ctx, id)
	switch {
	case err != nil:
		j.log.Warn().Err(err).Msg("listing failed; it is tried again")
		return &Postpone{After: h.delay(5, 0), Reason: "is it gone? " + err.Error()}
	case listing.listed:
		return &Postpone{After: h.delay(5, 0), Reason: id + " is listed, and cannot be read"}
	}
	return h.settleGone(ctx, j, listing)
}

// haVIPListing is what a listing shows about one HaVIP.
type haVIPListing struct {
	// listed: the HaVIP itself is shown; ours: some HaVIP of this ledger's is.
	listed, ours bool
}

// ownersAtOnce is how many HaVIPs one ledger query covers.
const ownersAtOnce = 1000

func (h *Handler) listHaVIP(ctx context.Context, haVIPID string) (s haVIPListing, err error) {
	ids, err := h.finder.IDs(ctx, time.Now().Add(-listingAge))
	if err != nil {
		return s, err
	}
	s.listed = slices.Contains(ids, haVIPID)
	s.ours, err = h.ownsAny(ctx, ids)
	return s, err
}

// ownsAny reports whether items of the lane own any of these HaVIPs.
func (h *Handler) ownsAny(ctx context.Context, ids []string) (bool, error) {
	for chunk := range slices.Chunk(ids, ownersAtOnce) {
		if owned, err := h.Ledger.OwnsAny(ctx, h.Lane.String(), chunk); owned || err != nil {
			return owned, err
		}
	}
	return false, nil
}

// settleGone ends the deletion of a HaVIP that does not exist, or refuses it if the key shows no HaVIP of this ledger.
func (h *Handler) settleGone(ctx context.Context, j *job, s haVIPListing) error {
	if err := h.beginDeletion(ctx, j); err != nil || j.item.Record.State != ledger.Deleting {
		return err
	}
	id := j.item.Record.HaVIPID
	t := try{Outcome: Outcome{Class: ClassDeleted, Message: "it was gone already"}}
	if !s.ours {
		t.Outcome = Outcome{Class: ClassRefused, Code: "NotFound", Message: fmt.Sprintf(
			"not deleted: BCE knows no %s, and shows this key no other HaVIP of this ledger's; is it the key of another account?", id)}
	}
	return h.endDeletion(ctx, j, t)
}
