package tasks

import (
	"context"
	"errors"

	"havip/ledger"
	"havip/lifecycle"
)

// Drain stops the handler from beginning attempts: tasks that have not begun one return to the queue uncounted, and attempts in flight end as
// usual. It does not wait for them.
func (h *Handler) Drain() { h.drainOnce.Do(func() { close(h.draining) }) }

// admit waits for the lane's permission to create or to delete.
func (h *Handler) admit(ctx context.Context, j *job, start ledger.Start) error {
	if h.isDraining() {
		return &Postpone{Reason: "the worker is stopping"}
	}
	if h.Gate == nil {
		j.pass = freePass{}
		return nil
	}
	ctx, stop := h.untilDrain(ctx)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, gateTimeout)
	defer cancel()
	pass, err := h.enter(ctx, start)
	var postpone *Postpone
	switch {
	case errors.As(err, &postpone):
		return postpone
	case err != nil:
		return &Postpone{After: h.delay(1, 0), Reason: "waiting for the lane: " + err.Error()}
	}
	j.pass = pass
	return nil
}

func (h *Handler) enter(ctx context.Context, start ledger.Start) (Pass, error) {
	if start.Result == lifecycle.StartDelete {
		return h.Gate.EnterDeletion(ctx)
	}
	request, err := RequestOf(start.Item.Spec)
	if err != nil {
		return nil, err
	}
	return h.Gate.Enter(ctx, request.SubnetID)
}

// freePass is the pass for a lane without a gate.
type freePass struct{}

func (freePass) SuspendedFor() string { return "" }

func (freePass) Done(context.Context, Outcome) {}

func (h *Handler) isDraining() bool {
	select {
	case <-h.draining:
		return true
	default:
		return false
	}
}

// untilDrain returns a context that also ends when the handler drains.
func (h *Handler) untilDrain(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-h.draining:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
