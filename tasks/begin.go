package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/hibiken/asynq"

	"havip/ledger"
	"havip/lifecycle"
)

// begin begins an attempt in the ledger, and first registers an item that is not registered. NotYet means that nothing may
// be sent yet.
func (h *Handler) begin(ctx context.Context, j *job, notYet bool) (ledger.Start, error) {
	j.began, j.clockOffset = time.Now(), h.API.ClockOffset()
	name, request, err := h.name(ctx, j)
	if err != nil {
		return ledger.Start{}, h.later(j, err)
	}
	j.ticket = uuid.NewString()[:13]
	options := ledger.BeginOptions{
		ClientToken: j.payload.ClientToken,
		Fingerprint: j.fingerprint,
		Worker:      name,
		Ticket:      j.ticket,
		Lease:       h.attemptLease(),
		Request:     request,
		Watched:     h.others.watched(j.owner()),
		TokenMaxAge: h.TokenMaxAge, RetryHorizon: h.Horizon, ClockOffset: j.clockOffset,
		LookedUp: j.lookedUp, NotYet: notYet,
	}
	for range 3 {
		start, err := h.Ledger.Begin(ctx, j.payload.Batch, j.payload.Key, j.known, options)
		if err != nil {
			return start, h.later(j, err)
		}
		j.known = start.Known
		switch {
		case start.Result == lifecycle.StartForeign && ownToken(start.Item, j.payload.ClientToken):
			options.ClientToken = "" // the task carries an earlier token of the item
		case start.Result == lifecycle.StartAbsent && !j.payload.Reference():
			if err := h.register(ctx, j); err != nil {
				return start, err
			}
		case start.Result == lifecycle.StartConflict && j.payload.Reference():
			return start, &Postpone{After: h.delay(1, 0), Reason: "the item was deleted and registered anew"}
		default:
			return start, h.bind(j, start)
		}
	}
	return ledger.Start{}, &Postpone{After: h.delay(1, 0), Reason: "the item changed while its attempt was being begun"}
}

// name returns the worker's name for the attempt, and for how long the worker must be silent until the request is certainly
// over. Silence counts from the last heartbeat, which may be earlier than the attempt.
func (h *Handler) name(ctx context.Context, j *job) (name string, request time.Duration, err error) {
	if h.Membership == nil {
		return h.Worker, h.requestBound(), nil
	}
	name, beat, err := h.Membership.Name(ctx)
	return name, h.requestBound() + max(0, j.began.Sub(beat)), err
}

// read decodes the task and checks that it belongs here.
func (h *Handler) read(task *asynq.Task) (Payload, error) {
	if task.Type() != TypeCreate {
		return Payload{}, &PayloadError{Reason: fmt.Sprintf("type %q is not %q", task.Type(), TypeCreate)}
	}
	payload, err := DecodePayload(task.Payload())
	if err != nil {
		return Payload{}, err
	}
	if payload.Reference() {
		return payload, nil // bind checks its item
	}
	return payload, h.checkLane(Lane{Account: payload.Account, Region: payload.Region})
}

func (h *Handler) checkLane(lane Lane) error {
	if lane != h.Lane {
		return &PayloadError{Reason: fmt.Sprintf("lane %s does not belong in queue %s; enqueue it in %s", lane, h.Lane.Queue(), lane.Queue())}
	}
	return nil
}

// bind binds a run whose task is a reference to the request that was read, so that no attempt begins if the item is
// deleted and registered again with another request meanwhile.
func (h *Handler) bind(j *job, start ledger.Start) error {
	if j.fingerprint != "" || start.Result == lifecycle.StartFinished || start.Result == lifecycle.StartAbsent {
		return nil
	}
	item := start.Item
	if err := h.checkLane(LaneOf(item)); err != nil {
		return archive(err)
	}
	registered := Item{Account: item.Account, Region: item.Region, ClientToken: item.OwnToken}
	j.fingerprint = fingerprintOf(registered, []byte(item.Body))
	if j.fingerprint != item.Record.Fingerprint {
		return h.later(j, ledger.Unreadable(item.Batch, item.Key, errors.New("its request is not the one that was registered")))
	}
	return nil
}
