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
	// retryFor is how long after its first attempt a notification is retried.
	retryFor = 72 * time.Hour
	// maxDelay limits the time from one attempt to the next.
	maxDelay = time.Hour
	// deferDelay is about how long a notification waits that this worker may not send, so that another
	// worker gets it.
	deferDelay = 30 * time.Second
	// recordTimeout limits the recording of an attempt's outcome.
	recordTimeout = 5 * time.Second
	// concurrency is how many notifications a worker sends at once, so that a slow receiver does not
	// block the others.
	concurrency = 4
)

// Records is the part of the ledger that a [Handler] uses; [*ledger.Ledger] implements it.
type Records interface {
	Batch(ctx context.Context, name string) (ledger.Batch, error)
	RecordNotification(ctx context.Context, seen ledger.Batch, n ledger.Notification, outcome ledger.NotificationOutcome, detail string) (ledger.NotificationRecorded, error)
}

// Handler runs notification tasks. Its errors are decisions, as with [tasks.Handler].
type Handler struct {
	records Records
	sender  *Sender
	log     zerolog.Logger
}

// NewHandler returns a handler that sends with the given sender.
func NewHandler(records Records, sender *Sender, log zerolog.Logger) *Handler {
	return &Handler{records: records, sender: sender, log: log}
}

// ProcessTask sends a notification if it is still pending.
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
		return again(tasks.RetryDelay(1, 0, maxDelay), err.Error())
	}
	i := slices.IndexFunc(b.PendingNotifications, func(n ledger.Notification) bool { return n.Completion == p.Completion })
	if i < 0 {
		return nil // no longer pending
	}
	return h.notify(ctx, b, b.PendingNotifications[i])
}

func (h *Handler) notify(ctx context.Context, b ledger.Batch, n ledger.Notification) error {
	a := h.sender.send(ctx, b.OnComplete, MessageOf(b, n))
	if ctx.Err() != nil {
		return again(0, "the worker is stopping")
	}
	if a.outcome == ledger.NotificationAttemptFailed && exhausted(n, h.sender.now()) {
		a.outcome = ledger.NotificationFailed
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	result, err := h.records.RecordNotification(ctx, b, n, a.outcome, a.detail)
	h.logAttempt(b, n, a, err)
	switch {
	case err != nil: // if it was delivered, it is sent again with the same ID
		return again(tasks.RetryDelay(1, 0, maxDelay), err.Error())
	case result == ledger.NotificationLate:
		return again(0, "the URL has changed")
	case a.outcome == ledger.NotificationDeferred:
		return again(deferDelay/2+jitter.Below(deferDelay), a.detail)
	case a.outcome == ledger.NotificationAttemptFailed:
		return again(tasks.RetryDelay(n.Attempts+1, a.retryAfter, maxDelay), a.detail)
	}
	return nil
}

// exhausted reports whether a notification that fails now is not retried.
func exhausted(n ledger.Notification, now time.Time) bool {
	return n.FirstTriedAt != 0 && now.Sub(n.FirstTriedAt.Time()) > retryFor
}

func again(after time.Duration, reason string) error {
	return &tasks.Postpone{After: after, Reason: reason}
}

// logAttempt logs an attempt. It logs each failure, because retries become rare.
func (h *Handler) logAttempt(b ledger.Batch, n ledger.Notification, a answer, unrecorded error) {
	log := h.log.With().Str("batch", b.Name).Int64("completion", n.Completion).Str("url", Shown(b.OnComplete)).
		Int("attempt", n.Attempts+1).Str("result", a.detail).Logger()
	if unrecorded != nil {
		log.Error().Err(unrecorded).Msg("outcome of a notification was not recorded; it will be sent again")
		return
	}
	switch a.outcome {
	case ledger.NotificationDelivered:
		log.Info().Msg("batch completion notified")
	case ledger.NotificationFailed:
		log.Error().Msg("notification failed; to send it again, run `enqueue apply FILE --on-complete URL`")
	case ledger.NotificationDeferred:
		log.Warn().Msg("notification deferred: this worker may not send it")
	case ledger.NotificationAttemptFailed:
		log.Warn().Msg("notification attempt failed; it will be retried")
	}
}
