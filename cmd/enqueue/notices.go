package main

import (
	"fmt"

	"havip/internal/notify"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/words"
	"havip/ledger"
)

// sayNotices tells what batches owe whoever is to be told of their completion, and what was given up.
func (a *app) sayNotices(s *session.Session, batches []ledger.Batch) error {
	owed := 0
	for _, b := range batches {
		for _, n := range b.PendingNotifications {
			a.Infof("%s", owedLine(b, n))
		}
		if b.FailedNotification != nil {
			a.Infof("%s", gaveUpLine(b))
		}
		owed += len(b.PendingNotifications)
	}
	if owed == 0 {
		return nil
	}
	return a.sayUndelivered(s)
}

// sayUndelivered tells that nobody delivers notices.
func (a *app) sayUndelivered(s *session.Session) error {
	served, err := notify.Served(s.Redis)
	if err == nil && !served {
		a.Infof("no worker delivers notices; give one %s", notify.Remedy)
	}
	return err
}

func owedLine(b ledger.Batch, n ledger.Notification) string {
	text := fmt.Sprintf("batch %s: %s is to be told of completion %d", shell.Quote(b.Name), shownURL(b), n.Completion)
	if n.Attempts > 0 {
		text += ", " + words.Count(n.Attempts, "attempt", "attempts") + " so far"
	}
	if n.Why != "" {
		text += "; the last: " + short(n.Why)
	}
	return text
}

func gaveUpLine(b ledger.Batch) string {
	return fmt.Sprintf("batch %s: %s was not told of completion %d, and it was given up: %s; `enqueue apply` with the file and --on-complete tells it anew",
		shell.Quote(b.Name), shownURL(b), b.FailedNotification.Completion, short(b.FailedNotification.Why))
}

func shownURL(b ledger.Batch) string { return render.Printable(notify.Shown(b.OnComplete)) }
