package tasks

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"havip/bce"
	"havip/ledger"
	"havip/lifecycle"
)

// rollBack deletes the HaVIP that the item created, as an operator requested. Outcomes are recorded as for creates. An
// interrupted attempt is repeated, which is safe for a delete.
func (h *Handler) rollBack(ctx context.Context, j *job) error {
	if err := h.beginDeletion(ctx, j); err != nil || j.item.Record.State != ledger.Deleting {
		return err
	}
	// Neither asynq's lease nor a shutdown may cut off a call.
	detached := context.WithoutCancel(ctx)
	try := h.remove(detached, j)
	return h.endDeletion(ctx, j, try)
}

// beginDeletion begins the deletion in the ledger. If it returns no error and the item's state is not deleting, nothing
// is left to do.
func (h *Handler) beginDeletion(ctx context.Context, j *job) error {
	j.began, j.clockOffset, j.ticket = time.Now(), h.API.ClockOffset(), uuid.NewString()[:13]
	name, request, err := h.name(ctx, j)
	if err != nil {
		return h.later(j, err)
	}
	start, err := h.Ledger.BeginDeletion(ctx, j.payload.Batch, j.payload.Key, ledger.DeletionOptions{
		Worker: name, Ticket: j.ticket, Lease: h.attemptLease(), Request: request, Watched: h.others.watched(j.owner()),
	})
	if err != nil {
		return h.later(j, err)
	}
	j.item = start.Item
	if start.Result == lifecycle.StartBusy {
		return h.awaitOther(ctx, j, start)
	}
	h.others.forget(j.owner())
	return nil
}

// try is one attempt to delete.
type try struct {
	Outcome
	// sent is true if a delete was sent after the look-up.
	sent bool
	// address is what the look-up showed.
	address string
	took    time.Duration
}

// remove reads the HaVIP and deletes it unless something uses it. BCE refuses to delete a bound HaVIP with an undocumented code and
// without saying what it is bound to.
func (h *Handler) remove(ctx context.Context, j *job) (t try) {
	ctx, cancel := context.WithDeadline(ctx, j.began.Add(h.RequestTimeout))
	defer cancel()
	defer func() { t.took = time.Since(j.began) }()
	id := j.item.Record.HaVIPID
	there, err := h.API.GetHaVIP(ctx, id)
	if err != nil {
		return try{Outcome: ClassifyRemoval(bce.ResponseMeta{}, err)}
	}
	t = try{address: there.HaVIP.PrivateIPAddress}
	if there.HaVIP.ID != id {
		t.Outcome = Outcome{Class: ClassUnknown, Message: fmt.Sprintf("asked for %s, but the answer is about %s", id, there.HaVIP.ID)}
		return t
	}
	attempts, err := h.Ledger.Attempts(ctx, j.item)
	if err != nil {
		t.Outcome = Outcome{Class: ClassNotSent, Message: err.Error()}
		return t
	}
	if why := notCreatedBy(attempts, there.HaVIP); why != "" {
		t.Outcome = Outcome{Class: ClassRefused, Code: CodeNotOwn, Message: "not deleted: " + why}
		return t
	}
	if users := boundTo(there.HaVIP); users != "" {
		t.Outcome = bound(there.HaVIP, users)
		return t
	}
	t.sent = true
	meta, err := h.API.DeleteHaVIP(ctx, id, "")
	t.Outcome = ClassifyRemoval(meta, err)
	if t.Class == ClassNotFound { // it was there a moment ago
		t.Outcome = t.gone("another client deleted it at the same time")
	}
	if t.Class == ClassRefused {
		t.Outcome = h.whyRefused(ctx, id, t.Outcome)
	}
	return t
}

// whyRefused names what the HaVIP was bound to between the look-up and the delete, if anything.
func (h *Handler) whyRefused(ctx context.Context, id string, o Outcome) Outcome {
	there, err := h.API.GetHaVIP(ctx, id)
	if err != nil {
		return o
	}
	if users := boundTo(there.HaVIP); users != "" {
		b := bound(there.HaVIP, users)
		b.Status, b.RequestID, b.ServerDate = o.Status, o.RequestID, o.ServerDate
		return b
	}
	return o
}

// endDeletion records the outcome of an attempt and decides what asynq does.
func (h *Handler) endDeletion(ctx context.Context, j *job, t try) error {
	detached := context.WithoutCancel(ctx)
	h.logDeletion(j, t)
	h.observe(OpDelete, j.item.Record, t.Outcome, t.took)
	clockLearned := h.clockLearned(t.Outcome, j.clockOffset)
	if !clockLearned && (t.Class != ClassRefused || !stillUnknown(t.Outcome, j.pass.SuspendedFor())) {
		j.pass.Done(detached, t.Outcome)
	}
	if t.Class == ClassNotFound && j.item.Record.Deletion.Unknown {
		t.Outcome = t.gone("an earlier request had deleted it")
	}
	rec, err := h.recordDeletion(detached, j, t)
	switch {
	case err != nil:
		return h.later(j, err)
	case rec.State != ledger.Deleting:
		return nil
	case clockLearned:
		return errAgain
	case t.Class == ClassNotFound:
		return h.confirmGone(ctx, j)
	}
	return &Postpone{After: h.delay(rec.Deletes, t.RetryAfter), Reason: fmt.Sprintf("delete: %s: %s", t.Class, bounded(t.Message))}
}

// recordDeletion records the outcome, and retries for a while if Redis is unavailable. If the outcome is lost, the attempt is repeated
// and finds that the HaVIP no longer exists.
func (h *Handler) recordDeletion(ctx context.Context, j *job, t try) (ledger.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	outcome := t.removal(t.sent, t.address, t.took)
	outcome.Ticket, outcome.Generation = j.ticket, j.item.Record.Generation
	for n := 1; ; n++ {
		_, rec, err := h.Ledger.EndDeletion(ctx, j.item.Batch, j.item.Key, j.item.Record.Deletes, outcome)
		if err == nil {
			return rec, nil
		}
		if pause(ctx, min(50*time.Millisecond<<min(n, 6), time.Second)) != nil {
			return ledger.Record{}, err
		}
	}
}

func (h *Handler) logDeletion(j *job, t try) {
	level := zerolog.InfoLevel
	if t.Class != ClassDeleted {
		level = zerolog.WarnLevel
	}
	j.log.WithLevel(level).Int("try", j.item.Record.Deletes).Str("class", string(t.Class)).
		Str("scope", string(t.Scope)).Int("status", t.Status).Str("code", t.Code).
		Str("detail", bounded(t.Message)).Str("request_id", t.RequestID).
		Str("havip_id", j.item.Record.HaVIPID).Dur("duration", t.took).Msg("delete")
}
