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
	// fewReads is up to how many HaVIPs are read one by one, rather than all listed.
	fewReads = 3
	// maxReads bounds how many of those are read one by one that a listing does not show.
	maxReads = 20
)

// Confirm asks BCE for the HaVIPs that it answered to have created for these items of the lane, all of them in
// one listing where they are many, and records what it shows: see [lifecycle.Confirm]. It returns the items
// whose HaVIPs do not exist; each needs a task. An error tells that
// some could not be asked for, or what BCE showed not be recorded: they are to be asked for again.
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
		log.Msg("the HaVIP that BCE answered with does not exist; the outcome of a later request is unknown, and it is looked for")
	case lifecycle.ConfirmationAgain:
		log.Msg("BCE does not show the HaVIP yet, or not its address; it is asked again")
	case lifecycle.ConfirmationOwn, lifecycle.ConfirmationNone:
	}
}

// look asks for the HaVIPs of the items, and answers what was shown, by batch. What cannot be asked for keeps no
// other item waiting.
func (h *Handler) look(ctx context.Context, items []ledger.Item) (looks map[string][]ledger.Look, err error) {
	began := time.Now()
	looks = map[string][]ledger.Look{}
	var all *listing
	if len(items) > fewReads {
		all, err = h.finder.since(ctx, began) // those whom it cannot show may be read
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
		h.note(looks, item, ledger.Look{Shown: all.listed(item.Record.HaVIPID), ListedAt: all.livedAt})
	}
	return looks, errors.Join(errs...)
}

// note enters what was shown of an item's HaVIP.
func (h *Handler) note(looks map[string][]ledger.Look, item ledger.Item, look ledger.Look) {
	look.Key, look.HaVIPID = item.Key, item.Record.HaVIPID
	// By then no unanswered request of the item is under way any more.
	look.ConfirmWithin = max(h.ConfirmWithin, h.attemptLease())
	look.Next = ClientToken(item.Batch, item.Key, item.Record.Generation+1)
	looks[item.Batch] = append(looks[item.Batch], look)
}

// readListed reads one HaVIP; nil is that BCE knows none of that ID.
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

// dateOf is the time of BCE's clock at an answer that was just read: its date, if it has one.
func (h *Handler) dateOf(date time.Time) time.Time {
	if date.IsZero() {
		return time.Now().Add(h.API.ClockOffset())
	}
	return date
}

// listedOf is a HaVIP of an answer that BCE dated, and that was read at a moment of our clock.
func listedOf(havip bce.HaVIP, date, read time.Time) *ledger.ListedHaVIP {
	return &ledger.ListedHaVIP{
		Address: havip.PrivateIPAddress, At: read, Age: date.Sub(havip.CreatedTime), Undated: havip.CreatedTime.IsZero(),
	}
}

// readHaVIP asks BCE for one HaVIP, within the lane's rate of reads.
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
		return nil, fmt.Errorf("asked about %s, and answered about %s", haVIPID, out.HaVIP.ID)
	}
	return out, nil
}
