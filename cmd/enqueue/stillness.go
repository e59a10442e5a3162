package main

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

// stillAfter is how long nothing may happen before it is looked into.
const stillAfter = 5 * time.Second

// explain says, once for each reason, why nothing moves.
func (w *watcher) explain(ctx context.Context, b ledger.Batch) {
	w.changed = time.Now()
	if kind, reason, err := w.reason(ctx, b); err == nil {
		w.tellOnce(kind, reason)
	}
}

// reason is why nothing moves, and of what kind that is: of one kind, one is told.
func (w *watcher) reason(ctx context.Context, b ledger.Batch) (kind, text string, err error) {
	if b.CommittedAt == 0 {
		return "incomplete", report.IncompleteText(b), nil
	}
	item, found, err := w.Ledger.OldestOpen(ctx, b.Name)
	if report.IsDamage(err) {
		return "damaged", fmt.Sprintf("the oldest open item cannot be read, and nothing is done to it: %v; %s", err, report.RepairText(b.Name)), nil
	}
	if err != nil || !found {
		return w.told, "", err
	}
	l := tasks.Lane{Account: item.Account, Region: item.Region}
	pause, err := lane.NewOperator(w.Redis, l.String()).Paused(ctx)
	if err != nil {
		return "", "", err
	}
	if pause != nil {
		return "paused " + l.String(), report.LanePauseText(l, *pause), nil
	}
	hold, held, err := holdOf(ctx, w.Session, l, item)
	if err != nil || held {
		return "held " + hold.SubnetID + hold.Code, report.SuspensionText(l, hold), err
	}
	served, err := queue.Of(w.Redis, l).Served()
	if err != nil {
		return "", "", err
	}
	if !served {
		return w.lookTwice("unserved "+l.String(), report.UnservedText(l))
	}
	w.unserved = ""
	kind, text = itemReason(item)
	return kind, text, nil
}

// lookTwice tells only on a second look, some seconds later, that nobody serves a lane: workers say that
// they do every few seconds, and after a restart of Redis it takes them as long.
func (w *watcher) lookTwice(kind, text string) (string, string, error) {
	if w.unserved != kind {
		w.unserved = kind
		return w.told, "", nil
	}
	return kind, text, nil
}

// itemReason is why the oldest open item does not move, as far as its record tells.
func itemReason(item ledger.Item) (kind, text string) {
	rec := item.Record
	if rec.Unconfirmed() {
		return "unconfirmed", fmt.Sprintf("item %q is %s, but BCE has not shown %s yet, or not its address; a worker asks again", item.Key, rec.State, rec.HaVIPID)
	}
	if rec.Class == "" {
		return "unsent", fmt.Sprintf("the oldest open item, %q, is %s and waits for its turn; if its task was lost, a worker finds that out within minutes", item.Key, rec.State)
	}
	return rec.Class + rec.Code, fmt.Sprintf("the oldest open item, %q, is %s: %s", item.Key, rec.State, report.LastAnswer(rec))
}

// holdOf is what holds an item back: its lane's hold, or its subnet's.
func holdOf(ctx context.Context, s *session.Session, l tasks.Lane, item ledger.Item) (lane.Suspension, bool, error) {
	holds, err := lane.NewBreaker(s.Redis, l.String()).Suspensions(ctx)
	if err != nil {
		return lane.Suspension{}, false, err
	}
	request, err := tasks.RequestOf(item.Spec)
	if err != nil {
		return lane.Suspension{}, false, err
	}
	for _, hold := range holds {
		if hold.SubnetID == "" || hold.SubnetID == request.SubnetID {
			return hold, true, nil
		}
	}
	return lane.Suspension{}, false, nil
}
