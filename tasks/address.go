package tasks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"havip/bce"
	"havip/ledger"
)

// How long the address that BCE chose is asked for: a while where BCE says no, as it does when the
// HaVIP was deleted meanwhile or the key may not read, and long where it could not say.
const (
	addressPatience    = 2 * time.Minute
	addressPersistence = 2 * time.Hour
)

// learnAddress fills in the address of a created item, where BCE chose it. It never fails the
// item: in the end the address stays unknown. Now is the ledger's clock, which the record's times
// are of.
func (h *Handler) learnAddress(ctx context.Context, j *job, rec ledger.Record, now ledger.Millis) error {
	if !rec.NeedsAddress() {
		return nil
	}
	if h.isDraining() {
		return &Postpone{Reason: "created; its address is asked for by another worker"}
	}
	signedWith := h.API.ClockOffset()
	address, err := h.askAddress(ctx, rec.HaVIPID)
	if err != nil && h.clockLearnt(Classify(nil, err, false), signedWith) {
		return errAgain
	}
	if address == "" {
		age := now.Time().Sub(rec.UpdatedAt.Time()).Abs() // below zero when a clock was put back
		if age < patienceFor(err) {
			// From 4 s on, longer the older the question is.
			n := 3 + int(age.Minutes())
			return &Postpone{After: h.delay(n, 0), Reason: fmt.Sprintf("created; its address is not known yet: %v", err)}
		}
		j.log.Warn().AnErr("cause", err).Str("havip_id", rec.HaVIPID).Msg("created, but its address could not be learnt")
	}
	if _, err := h.Ledger.NoteAddress(ctx, j.payload.Batch, j.payload.Key, rec.HaVIPID, address); err != nil {
		return h.later(j, err)
	}
	return nil
}

// askAddress asks BCE; "" is that it is not known yet, or the error's reason.
func (h *Handler) askAddress(ctx context.Context, haVIPID string) (string, error) {
	havip, err := h.readHaVIP(context.WithoutCancel(ctx), haVIPID)
	return havip.PrivateIPAddress, err
}

// readHaVIP asks BCE for one HaVIP, within the lane's rate of reads.
func (h *Handler) readHaVIP(ctx context.Context, haVIPID string) (bce.HaVIP, error) {
	ctx, cancel := context.WithTimeout(ctx, h.RequestTimeout)
	defer cancel()
	if h.ReadRate != nil {
		if err := h.ReadRate.Wait(ctx); err != nil {
			return bce.HaVIP{}, err
		}
	}
	out, err := h.API.GetHaVIP(ctx, haVIPID)
	switch {
	case err != nil:
		return bce.HaVIP{}, err
	case out.HaVIP.ID != haVIPID:
		return bce.HaVIP{}, fmt.Errorf("asked about %s, and answered about %s", haVIPID, out.HaVIP.ID)
	}
	return out.HaVIP, nil
}

// patienceFor is how long to go on asking after this answer.
func patienceFor(err error) time.Duration {
	var e *bce.Error
	refused := errors.As(err, &e) && e.Kind == bce.KindAPI && e.StatusCode >= 400 && e.StatusCode < 500 &&
		e.StatusCode != http.StatusTooManyRequests && !isThrottling(e.Code)
	if err == nil || refused {
		return addressPatience
	}
	return addressPersistence
}
