package follow

import (
	"cmp"
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

const (
	// stalledAfter is how long no item finishes before the reason is looked for.
	stalledAfter = 5 * time.Second
	// lastLook limits the last look for the reason, when the time is up.
	lastLook = time.Second
)

// stall reports why no item finishes. Consecutive reasons of one kind are reported once.
type stall struct {
	session *session.Session
	// changed is when an item last finished, or the reason was last looked for.
	changed time.Time
	// reported is the kind of the last reason.
	reported string
	// unserved is the lane that had no worker at the first look.
	unserved string
	// last reports that there is no second look.
	last bool
	// answered is when Redis last answered.
	answered time.Time
}

// finder finds a reason and its kind.
type finder func(context.Context) (kind, text string, err error)

// explain reports the reason if no item has finished for some seconds.
func (s *stall) explain(ctx context.Context, find finder, show func(text string)) {
	if time.Since(s.changed) <= stalledAfter {
		return
	}
	s.changed = time.Now()
	if kind, text, err := find(ctx); err == nil {
		s.reportOnce(kind, text, show)
	}
}

// timeUp reports whether the time is up while Redis answers. The deadline may end the last read.
func (s *stall) timeUp(ctx context.Context) bool {
	return expired(ctx) && time.Since(s.answered) < lastLook
}

// explainEnd reports the reason at the end of the time, even if no item was waited for as long as explain does.
func (s *stall) explainEnd(ctx context.Context, find finder, show func(text string)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
	defer cancel()
	s.changed, s.last = time.Time{}, true
	s.explain(ctx, find, show)
}

// reportOnce reports a reason, unless the last one was of the same kind.
func (s *stall) reportOnce(kind, text string, show func(text string)) {
	if kind != s.reported && text != "" {
		s.reported = kind
		show(text)
	}
}

// ofBatch says why a batch is stalled.
func (s *stall) ofBatch(ctx context.Context, b ledger.Batch) (kind, text string, err error) {
	if b.CommittedAt == 0 {
		return "incomplete", report.IncompleteText(b), nil
	}
	item, found, err := s.session.Ledger.OldestOpen(ctx, b.Name)
	if report.IsDamage(err) {
		return "damaged", fmt.Sprintf("the oldest open item cannot be read, and is not processed: %v; %s", err, report.RepairText(b.Name)), nil
	}
	if err != nil || !found {
		return s.reported, "", err
	}
	if kind, text, err = s.ofLane(ctx, item); kind != "" || err != nil {
		return kind, text, err
	}
	kind, text = itemReason(fmt.Sprintf("the oldest open item, %q,", item.Key), item)
	return kind, text, nil
}

// ofItem says why an item is not finished.
func (s *stall) ofItem(ctx context.Context, item ledger.Item) (kind, text string, err error) {
	if kind, text, err = s.ofLane(ctx, item); kind != "" || err != nil {
		return kind, text, err
	}
	kind, text = itemReason(fmt.Sprintf("item %q", item.Key), item)
	return kind, text, nil
}

// ofLane says why an item's lane or subnet processes nothing at present; kind is "" if that is not so.
func (s *stall) ofLane(ctx context.Context, item ledger.Item) (kind, text string, err error) {
	l := tasks.Lane{Account: item.Account, Region: item.Region}
	pause, err := lane.NewOperator(s.session.Redis, l.String()).Paused(ctx)
	if err != nil {
		return "", "", err
	}
	if pause != nil {
		return "paused " + l.String(), report.LanePauseText(l, *pause), nil
	}
	q := queue.Of(s.session.Redis, l)
	since, err := q.PausedSince(ctx)
	if err != nil {
		return "", "", err
	}
	if !since.IsZero() {
		return "queue paused " + l.String(), report.QueuePauseText(l, since), nil
	}
	suspended, found, err := suspensionOf(ctx, s.session, l, item)
	if err != nil || found {
		return "suspended " + suspended.SubnetID + suspended.Code, report.SuspensionText(l, suspended), err
	}
	served, err := q.ServedNow(ctx)
	if err != nil {
		return "", "", err
	}
	if !served {
		return s.lookTwice("unserved "+l.String(), report.UnservedText(s.session, l))
	}
	s.unserved = ""
	return "", "", nil
}

// lookTwice reports that no worker serves a lane only if that is still so some seconds later: workers register every few
// seconds, also after a restart of Redis.
func (s *stall) lookTwice(kind, text string) (string, string, error) {
	if s.unserved != kind && !s.last {
		s.unserved = kind
		return cmp.Or(s.reported, kind), "", nil
	}
	return kind, text, nil
}

// itemReason says why an item is not finished, as far as its record shows. The sentence begins with subject.
func itemReason(subject string, item ledger.Item) (kind, text string) {
	rec := item.Record
	if rec.Unconfirmed() {
		return "unconfirmed", fmt.Sprintf("item %q is %s, but BCE does not show %s yet, or not its address; a worker checks again", item.Key, rec.State, rec.HaVIPID)
	}
	if rec.Class == "" {
		return "unsent", fmt.Sprintf("%s is %s; waiting for a worker", subject, rec.State)
	}
	return rec.Class + rec.Code, fmt.Sprintf("%s is %s: %s", subject, rec.State, report.LastAnswer(rec))
}

// suspensionOf is the suspension for which an item waits.
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
		if suspended.Concerns(request.SubnetID, item.Record.State == ledger.Deleting) {
			return suspended, true, nil
		}
	}
	return lane.Suspension{}, false, nil
}
