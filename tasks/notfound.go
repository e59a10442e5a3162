package tasks

import (
	"context"
	"fmt"
	"slices"
	"time"

	"havip/ledger"
)

// confirmGone decides whether a HaVIP that BCE reports as not found, without a delete from us, is deleted. BCE may not
// show a new HaVIP yet, or the key may belong to another account. So the HaVIP counts as deleted only if a listing does
// not show it but shows another one of this ledger.
func (h *Handler) confirmGone(ctx context.Context, j *job) error {
	id, rec := j.item.Record.HaVIPID, j.item.Record
	// It existed when its deletion was requested. That time is earlier if a clock was set back.
	created := min(rec.LastSentAt, rec.Deletion.At)
	if age := rec.Deletion.SentAt.Time().Sub(created.Time()); age < h.lookupGrace() {
		return &Postpone{After: h.lookupGrace() - max(age, 0), Reason: id + " is not shown yet, or is deleted"}
	}
	ctx, stop := h.untilDrain(ctx)
	defer stop()
	listing, err := h.listHaVIP(ctx, id)
	switch {
	case err != nil:
		j.log.Warn().Err(err).Msg("listing failed; it will be retried")
		return &Postpone{After: h.delay(5, 0), Reason: "checking whether it is deleted: " + err.Error()}
	case listing.listed:
		return &Postpone{After: h.delay(5, 0), Reason: id + " is listed but cannot be read"}
	}
	return h.settleGone(ctx, j, listing)
}

// haVIPListing is what a listing shows about one HaVIP.
type haVIPListing struct {
	// listed: the HaVIP is shown; ours: any HaVIP of this ledger is shown.
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
	t := try{Outcome: Outcome{Class: ClassDeleted, Message: "it was already deleted"}}
	if !s.ours {
		t.Outcome = Outcome{Class: ClassRefused, Code: "NotFound", Message: fmt.Sprintf(
			"not deleted: BCE does not find %s and shows this key no other HaVIP of this ledger; check that the key belongs to the right account", id)}
	}
	return h.endDeletion(ctx, j, t)
}
