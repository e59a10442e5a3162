package report

import (
	"context"
	"fmt"

	"havip/internal/notify"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/ledger"
)

// Notifications reports which notifications of completed batches are pending, and which failed.
func Notifications(ctx context.Context, t *terminal.IO, s *session.Session, batches []ledger.Batch) error {
	pending := 0
	for _, b := range batches {
		for _, n := range b.PendingNotifications {
			t.Infof("%s", pendingText(b, n))
		}
		if b.FailedNotification != nil {
			t.Infof("%s", failedText(b))
		}
		pending += len(b.PendingNotifications)
	}
	if pending == 0 {
		return nil
	}
	return Undelivered(ctx, t, s)
}

// Undelivered reports that no worker delivers notifications, if that is so.
func Undelivered(ctx context.Context, t *terminal.IO, s *session.Session) error {
	served, err := notify.Served(ctx, s.Redis)
	if err == nil && !served {
		t.Infof("no worker delivers notifications; start one with %s", notify.Remedy)
	}
	return err
}

func pendingText(b ledger.Batch, n ledger.Notification) string {
	text := fmt.Sprintf("batch %s: notification of completion %d to %s is pending", shell.Quote(b.Name), n.Completion, shownURL(b))
	if n.Attempts > 0 {
		text += ", " + words.Count(n.Attempts, "attempt", "attempts") + " so far"
	}
	if n.Why != "" {
		text += "; last error: " + Short(n.Why)
	}
	return text
}

func failedText(b ledger.Batch) string {
	return fmt.Sprintf("batch %s: notification of completion %d to %s failed: %s; to send it again, apply the file again with --on-complete URL",
		shell.Quote(b.Name), b.FailedNotification.Completion, shownURL(b), Short(b.FailedNotification.Why))
}

func shownURL(b ledger.Batch) string { return render.Printable(notify.Shown(b.OnComplete)) }
