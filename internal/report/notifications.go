package report

import (
	"fmt"

	"havip/internal/notify"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/ledger"
)

// Notifications tells which notifications of completed batches are pending, and which failed.
func Notifications(t *terminal.IO, s *session.Session, batches []ledger.Batch) error {
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
	return Undelivered(t, s)
}

// Undelivered tells that no worker delivers notifications, if so.
func Undelivered(t *terminal.IO, s *session.Session) error {
	served, err := notify.Served(s.Redis)
	if err == nil && !served {
		t.Infof("no worker delivers notices; give one %s", notify.Remedy)
	}
	return err
}

func pendingText(b ledger.Batch, n ledger.Notification) string {
	text := fmt.Sprintf("batch %s: %s is to be told of completion %d", shell.Quote(b.Name), shownURL(b), n.Completion)
	if n.Attempts > 0 {
		text += ", " + words.Count(n.Attempts, "attempt", "attempts") + " so far"
	}
	if n.Why != "" {
		text += "; the last: " + Short(n.Why)
	}
	return text
}

func failedText(b ledger.Batch) string {
	return fmt.Sprintf("batch %s: %s was not told of completion %d, and it was given up: %s; `enqueue apply` with the file and --on-complete tells it anew",
		shell.Quote(b.Name), shownURL(b), b.FailedNotification.Completion, Short(b.FailedNotification.Why))
}

func shownURL(b ledger.Batch) string { return render.Printable(notify.Shown(b.OnComplete)) }
