package audit

import (
	"context"
	"fmt"

	"havip/internal/notify"
	"havip/internal/words"
	"havip/ledger"
)

// notifiedBatches limits how many batches are examined for notifications: of those with pending ones, and of the newest.
const notifiedBatches = 200

// notifications reports pending and failed notifications of completed batches.
func (x *examination) notifications(ctx context.Context) error {
	pending, _, err := x.ledger.PendingNotifications(ctx, 0, notifiedBatches)
	if err != nil {
		return err
	}
	if err := x.pendingNotifications(ctx, pending); err != nil {
		return err
	}
	newest, err := x.ledger.Newest(ctx, notifiedBatches)
	if err != nil {
		return err
	}
	return x.failedNotifications(newest)
}

func (x *examination) pendingNotifications(ctx context.Context, pending []ledger.Batch) error {
	var waiting, failing []string
	for _, b := range pending {
		for _, n := range b.PendingNotifications {
			waiting = append(waiting, b.Name)
			if n.Why != "" {
				failing = append(failing, fmt.Sprintf("%s to %s (%s, last error: %s)", b.Name, notify.Shown(b.OnComplete), counted(n.Attempts, "attempt"), textOf(n.Why).shown()))
			}
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	served, err := notify.Served(ctx, x.Redis)
	text := words.Count(len(waiting), "notification of a completed batch is", "notifications of completed batches are")
	switch {
	case err != nil:
		return err
	case !served:
		return x.report(warning(CodeNotifications, "notifications", "%s pending, and no worker delivers any: %s.", text, examples(waiting)).
			meaning("They stay pending until a worker delivers them.", "Start a worker with "+notify.Remedy+"; see `worker --help`."))
	case len(failing) == 0:
		return x.report(note(CodeNotifications, "notifications", "%s pending: %s.", text, examples(waiting)))
	}
	return x.report(warning(CodeNotifications, "notifications", "%s pending and could not be delivered yet: %s.", text, examples(failing)).
		meaning("They are retried for three days after the first attempt.",
			"Fix the receiver, allow workers to call its host (--webhook-host), or give another URL: `enqueue apply FILE --on-complete URL`."))
}

func (x *examination) failedNotifications(batches []ledger.Batch) error {
	var names []string
	for _, b := range batches {
		if b.FailedNotification != nil {
			names = append(names, fmt.Sprintf("%s to %s (%s)", b.Name, notify.Shown(b.OnComplete), textOf(b.FailedNotification.Why).shown()))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return x.report(warning(CodeNotificationsFailed, "notifications", "%s failed: %s.", words.Count(len(names), "notification has", "notifications have"), examples(names)).
		meaning("The receiver was not notified that the batch is complete, and workers do not retry any more.",
			"Fix the receiver, and send it again: `enqueue apply FILE --on-complete URL`."))
}
