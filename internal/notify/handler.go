package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"havip/internal/jitter"
	"havip/ledger"
	"havip/tasks"
)

const (
	// giveUpAfter is how long after its first attempt a notice is given up.
	giveUpAfter = 72 * time.Hour
	// longestDelay bounds the time from one attempt to the next.
	longestDelay = time.Hour
	// heldDelay is about how long a notice stands back that this worker may not deliver, for another to
	// take it.
	heldDelay = 30 * time.Second
	// recordTimeout bounds the recording of what became of an attempt.
	recordTimeout = 5 * time.Second
	// concurrency is how many notices a worker delivers at once: a slow receiver keeps others waiting.
	concurrency = 4
)

// Records is what a [Handler] needs of the ledger; [*ledger.Ledger] is one.
type Records interface {
	Batch(ctx context.Context, name string) (ledger.Batch, error)
	RecordNotification(ctx context.Context, seen ledger.Batch, notice ledger.Notification, outcome ledger.NotificationOutcome, heard string) (ledger.NotificationRecorded, error)
}

// Handler carries out the tasks of notices. It returns decisions as [tasks.Handler] does.
type Handler struct {
	records Records
	sender  *Sender
	log     zerolog.Logger
}

// NewHandler returns a handler that delivers by the given sender.
func NewHandler(records Records, sender *Sender, log zerolog.Logger) *Handler {
	return &Handler{records: records, sender: sender, log: log}
}

// ProcessTask delivers a notice, if it is still owed.
func (h *Handler) ProcessTask(ctx context.Context, task *asynq.Task) error {
	p, err := decode(task)
	if err != nil {
		h.log.Error().Err(err).Msg("task archived")
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	b, err := h.records.Batch(ctx, p.Batch)
	var missing *ledger.BatchNotFoundError
	switch {
	case errors.As(err, &missing):
		return nil
	case err != nil:
		return again(tasks.RetryDelay(1, 0, longestDelay), err.Error())
	}
	i := slices.IndexFunc(b.PendingNotifications, func(n ledger.Notification) bool { return n.Completion == p.Completion })
	if i < 0 {
		return nil // told already
	}
	return h.deliver(ctx, b, b.PendingNotifications[i])
}

func (h *Handler) deliver(ctx context.Context, b ledger.Batch, n ledger.Notification) error {
	a := h.sender.send(ctx, b.OnComplete, MessageOf(b, n))
	if ctx.Err() != nil {
		return again(0, "the worker stops")
	}
	if a.outcome == ledger.NotificationAttemptFailed && exhausted(n, h.sender.now()) {
		a.outcome = ledger.NotificationFailed
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	result, err := h.records.RecordNotification(ctx, b, n, a.outcome, a.heard)
	h.tell(b, n, a, err)
	switch {
	case err != nil: // should it have been delivered, it is told again under the same ID
		return again(tasks.RetryDelay(1, 0, longestDelay), err.Error())
	case result == ledger.NotificationLate:
		return again(0, "another URL is to be told")
	case a.outcome == ledger.NotificationDeferred:
		return again(heldDelay/2+jitter.Below(heldDelay), a.heard)
	case a.outcome == ledger.NotificationAttemptFailed:
		return again(tasks.RetryDelay(n.Attempts+1, a.retryAfter, longestDelay), a.heard)
	}
	return nil
}

// exhausted reports whether a notice that fails now has failed for long enough.
func exhausted(n ledger.Notification, now time.Time) bool {
	return n.FirstTriedAt != 0 && now.Sub(n.FirstTriedAt.Time()) > giveUpAfter
}

func again(after time.Duration, reason string) error {
	return &tasks.Postpone{After: after, Reason: reason}
}

// tell logs an attempt. What failed is told each time: it comes more and more rarely.
func (h *Handler) tell(b ledger.Batch, n ledger.Notification, a answer, unrecorded error) {
	log := h.log.With().Str("batch", b.Name).Int64("completion", n.Completion).Str("url", Shown(b.OnComplete)).
		Int("attempt", n.Attempts+1).Str("heard", a.heard).Logger()
	if unrecorded != nil {
		log.Error().Err(unrecorded).Msg("what became of a notice was not recorded; it is told again")
		return
	}
	switch a.outcome {
	case ledger.NotificationDelivered:
		log.Info().Msg("batch completion notified")
	case ledger.NotificationFailed:
		log.Error().Msg("notice given up; `enqueue apply FILE --on-complete URL` asks for it anew")
	case ledger.NotificationDeferred:
		log.Warn().Msg("notice waits")
	case ledger.NotificationAttemptFailed:
		log.Warn().Msg("notice not taken; it is tried again")
	}
}
