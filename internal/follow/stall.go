package follow

import (
	"context"
	"fmt"
	"time"

	"havip/internal/lane"
	"havip/internal/queue"
	"havip/internal/report"
	"havip/internal/session"
	"havip/ledger"
	"havip/tasks"
)

// stalledAfter is how long no item finishes before the reason is looked for.
const stalledAfter = 5 * time.Second

// explain reports, once for each reason, why no item finishes.
func (w *Watcher) explain(ctx context.Context, b ledger.Batch) {
	w.changed = time.Now()
	if kind, reason, err := w.reason(ctx, b); err == nil {
		w.reportOnce(kind, reason)
	}
}

// reason says why the batch is stalled, and the kind of that reason: consecutive reasons of one kind are reported once.
func (w *Watcher) reason(ctx context.Context, b ledger.Batch) (kind, text string, err error) {
	if b.CommittedAt == 0 {
		return "incomplete", report.IncompleteText(b), nil
	}
	item, found, err := w.Ledger.OldestOpen(ctx, b.Name)
	if report.IsDamage(err) {
		return "damaged", fmt.Sprintf("the oldest open item cannot be read, and is not processed: %v; %s", err, report.RepairText(b.Name)), nil
	}
	if err != nil || !found {
		return w.reported, "", err
	}
	l := tasks.Lane{Account: item.Account, Region: item.Region}
	pause, err := lane.NewOperator(w.Redis, l.String()).Paused(ctx)
	if err != nil {
		return "", "", err
	}
	if pause != nil {
		return "paused " + l.String(), report.LanePauseText(l, *pause), nil
	}
	q := queue.Of(w.Redis, l)
	since, err := q.PausedSince(ctx)
	if err != nil {
		return "", "", err
	}
	if !since.IsZero() {
		return "queue paused " + l.String(), report.QueuePauseText(l, since), nil
	}
	suspended, found, err := suspensionOf(ctx, w.Session, l, item)
	if err != nil || found {
		return "suspended " + suspended.SubnetID + suspended.Code, report.SuspensionText(l, suspended), err
	}
	served, err := q.ServedNow(ctx)
	if err != nil {
		return "", "", err
	}
	if !served {
		return w.lookTwice("unserved "+l.String(), report.UnservedText(w.Session, l))
	}
	w.unserved = ""
	kind, text = itemReason(item)
	return kind, text, nil
}

// lookTwice reports that no worker serves a lane only if that is still so some seconds later: workers register every few
// seconds, also after a restart of Redis.
func (w *Watcher) lookTwice(kind, text string) (string, string, error) {
	if w.unserved != kind {
		w.unserved = kind
		return w.reported, "", nil
	}
	return kind, text, nil
}

// itemReason says why the oldest open item is not finished, as far as its record shows.
func itemReason(item ledger.Item) (kind, text string) {
	rec := item.Record
	if rec.Unconfirmed() {
		return "unconfirmed", fmt.Sprintf("item %q is %s, but BCE does not show %s yet, or not its address; a worker checks again", item.Key, rec.State, rec.HaVIPID)
	}
	if rec.Class == "" {
		return "unsent", fmt.Sprintf("the oldest open item, %q, is %s; waiting for a worker", item.Key, rec.State)
	}
	return rec.Class + rec.Code, fmt.Sprintf("the oldest open item, %q, is %s: %s", item.Key, rec.State, report.LastAnswer(rec))
}

// suspensionOf is the suspension of an item's lane, or of its subnet.
func suspensionOf(ctx context.Context, s *session.Session, l tasks.Lane, item ledger.Item) (lane.Suspension, bool, error) {
	suspensions, err := lane.NewBreaker(s.Redis, l.String()).Suspensions(ctx)
	if err != nil {
		return lane.Suspension{}, false, err
	}
	request, err := tasks.RequestOf(item.Spec)
	if err != nil {
		return lane.Suspension{}, false, err
	}
	for _, suspended := range suspensions {
		if suspended.SubnetID == "" || suspended.SubnetID == request.SubnetID {
			return suspended, true, nil
		}
	}
	return lane.Suspension{}, false, nil
}
