package tasks

import (
	"context"
	"errors"

	"havip/ledger"
)

// endsEarly looks whether begin would only have the task end: a person has canceled the item, or its
// batch is held. The tasks of a batch that was withdrawn or stopped must not use up its lane's rate. Begin
// is what decides; where this fails, that is asked.
func (h *Handler) endsEarly(ctx context.Context, j *job) (ends bool, decision error) {
	item, held, err := h.Ledger.Standing(ctx, j.payload.Batch, j.payload.Key)
	var missing *ledger.ItemNotFoundError
	own := err == nil && j.payload.isOf(item)
	switch {
	case held && errors.As(err, &missing):
		return h.registerHeld(ctx, j)
	case own && item.Record.State == ledger.Deleting: // it gets through what holds creates back
		j.deletion = true
		return false, nil
	case own && held && item.Record.PausedWithBatch():
		return true, h.setAside(j)
	}
	return own && item.Record.State == ledger.Canceled, nil
}

// registerHeld enters the item of another producer's task into the batch that is held, so that it goes on
// with the batch. By then the batch may do that already.
func (h *Handler) registerHeld(ctx context.Context, j *job) (ends bool, decision error) {
	if err := h.register(ctx, j); err != nil {
		return true, err
	}
	item, held, err := h.Ledger.Standing(ctx, j.payload.Batch, j.payload.Key)
	if err == nil && held && item.Record.PausedWithBatch() {
		return true, h.setAside(j)
	}
	return false, nil
}

// setAside ends the task of an item that is held with its batch: a hundred thousand tasks that come again
// and again would be a burden, and whoever lets the batch go on puts in others. Who does so just now finds
// this one active, and puts in another beside it.
func (h *Handler) setAside(j *job) error {
	j.log.Debug().Msg("set aside: the batch is held")
	return nil
}

// isOf reports whether the task is the item's own, and not one that only has its name.
func (p Payload) isOf(item ledger.Item) bool {
	own := p.ClientToken == "" || p.ClientToken == item.ClientToken || ownToken(item, p.ClientToken)
	return own && item.Fingerprint == fingerprint(p.Item())
}
