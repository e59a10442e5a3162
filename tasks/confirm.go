package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"havip/bce"
	"havip/ledger"
	"havip/lifecycle"
)

const (
	// fewReads is the maximum number of HaVIPs that are read one by one instead of listed.
	fewReads = 3
	// maxReads bounds how many HaVIPs that a listing does not show are read one by one.
	maxReads = 20
)

// Confirm reads the HaVIPs that BCE reported as created for these items, many by one listing, and records the result:
// see [lifecycle.Confirm]. It returns the items whose HaVIPs do not exist; each needs a task. After an error, some
// items are not confirmed; call it again for them.
func (h *Handler) Confirm(ctx context.Context, items []ledger.Item) (renewed []ledger.Item, err error) {
	if err := h.Ledger.KeepClaims(ctx, h.Lane.String(), items); err != nil {
		return nil, err
	}
	looks, err := h.look(ctx, items)
	errs := []error{err}
	for batch, some := range looks {
		confirmed, err := h.Ledger.Confirm(ctx, batch, some)
		errs = append(errs, err)
		for _, c := range confirmed {
			h.logConfirmation(c)
			if c.Result == lifecycle.ConfirmationRenewed || c.Result == lifecycle.ConfirmationReopened {
				renewed = append(renewed, c.Item)
			}
		}
	}
	return renewed, errors.Join(errs...)
}

func (h *Handler) logConfirmation(c ledger.Confirmed) {
	log := h.Logger.Warn().Str("batch", c.Item.Batch).Str("key", c.Item.Key).Str("havip_id", c.Item.Record.HaVIPID)
	switch c.Result {
	case lifecycle.ConfirmationAdopted:
		log.Str("detail", c.Item.Record.Message).Msg("adopted, not created")
	case lifecycle.ConfirmationRenewed:
		log.Int("generation", c.Item.Record.Generation).Msg("the HaVIP that BCE answered with does not exist; the item has its next clientToken")
	case lifecycle.ConfirmationReopened:
		log.Msg("the HaVIP that BCE answered with does not exist; the outcome of a later request is unknown, and the item is looked up")
	case lifecycle.ConfirmationAgain:
		log.Msg("BCE does not show the HaVIP or its address yet; it is read again later")
	case lifecycle.ConfirmationOwn, lifecycle.ConfirmationNone:
	}
}

// look reads the HaVIPs of the items and returns what BCE shows, by batch. A failed read does not delay other items.
func (h *Handler) look(ctx context.Context, items []ledger.Item) (looks map[string][]ledger.Look, err error) {
	began := time.Now()
	looks = map[string][]ledger.Look{}
	var all *listing
	if len(items) > fewReads {
		all, err = h.finder.since(ctx, began) // after an error, some are read one by one
	}
	errs := []error{err}
	var missing []ledger.Item
	reads := 0
	for _, item := range items {
		if shown := all.listed(item.Record.HaVIPID); shown != nil {
			h.note(looks, item, ledger.Look{Shown: shown})
			continue
		}
		if reads == maxReads {
			continue
		}
		reads++
		shown, err := h.readListed(ctx, item.Record.HaVIPID)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("read %s: %w", item.Record.HaVIPID, err))
		case shown != nil:
			h.note(looks, item, ledger.Look{Shown: shown})
		default:
			missing = append(missing, item)
		}
	}
	if len(missing) == 0 {
		return looks, errors.Join(errs...)
	}
	if all, err = h.finder.complete(ctx, began); err != nil {
		return looks, errors.Join(append(errs, err)...)
	}
	for _, item := range missing {
		h.note(looks, item, ledger.Look{Shown: all.listed(item.Record.HaVIPID), ListedAt: all.uptime})
	}
	return looks, errors.Join(errs...)
}

// note adds what BCE shows about an item's HaVIP.
func (h *Handler) note(looks map[string][]ledger.Look, item ledger.Item, look ledger.Look) {
	look.Key, look.HaVIPID = item.Key, item.Record.HaVIPID
	// After attemptLease, no unanswered request of the item is in flight.
	look.ConfirmWithin = max(h.ConfirmWithin, h.attemptLease())
	look.Next = ClientToken(item.Batch, item.Key, item.Record.Generation+1)
	looks[item.Batch] = append(looks[item.Batch], look)
}

// readListed reads one HaVIP; nil means that BCE reports it as not found.
func (h *Handler) readListed(ctx context.Context, haVIPID string) (*ledger.ListedHaVIP, error) {
	out, err := h.readHaVIP(ctx, haVIPID)
	var refused *bce.Error
	switch {
	case err == nil:
		return listedOf(out.HaVIP, h.dateOf(out.Date), time.Now()), nil
	case errors.As(err, &refused) && refused.Kind == bce.KindAPI && isNotFound(refused):
		return nil, nil
	}
	return nil, err
}

// dateOf returns BCE's time for an answer that was just read: its date, or an estimate if it has none.
func (h *Handler) dateOf(date time.Time) time.Time {
	if date.IsZero() {
		return time.Now().Add(h.API.ClockOffset())
	}
	return date
}

// listedOf converts a HaVIP from an answer with BCE's date that was read at our time read.
func listedOf(havip bce.HaVIP, date, read time.Time) *ledger.ListedHaVIP {
	return &ledger.ListedHaVIP{
		Address: havip.PrivateIPAddress, At: read, Age: date.Sub(havip.CreatedTime), Undated: havip.CreatedTime.IsZero(),
	}
}

// readHaVIP reads one HaVIP within the lane's read rate.
func (h *Handler) readHaVIP(ctx context.Context, haVIPID string) (*bce.GetHaVIPOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, h.RequestTimeout)
	defer cancel()
	if h.ReadRate != nil {
		if err := h.ReadRate.Wait(ctx); err != nil {
			return nil, err
		}
	}
	out, err := h.API.GetHaVIP(ctx, haVIPID)
	switch {
	case err != nil:
		return nil, err
	case out.HaVIP.ID != haVIPID:
		return nil, fmt.Errorf("asked for %s, but the answer is about %s", haVIPID, out.HaVIP.ID)
	}
	return out, nil
}
