package report

import (
	"context"
	"fmt"
	"time"

	"havip/internal/lane"
	"havip/internal/queue"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/ledger"
	"havip/tasks"
)

// Lanes reports every lane that is paused, limited, suspended or without a worker: nothing else shows why a batch does
// not progress.
func Lanes(ctx context.Context, t *terminal.IO, s *session.Session) error {
	lanes, err := s.Lanes(ctx)
	if err != nil {
		return err
	}
	unfinished, err := s.Ledger.Active(ctx, 0, 1)
	if err != nil {
		return err
	}
	for _, l := range lanes {
		if len(unfinished) > 0 { // otherwise the queued tasks are of finished items
			if err := unserved(ctx, t, s, l); err != nil {
				return err
			}
		}
		if err := QueuePause(ctx, t, s, l); err != nil {
			return err
		}
		if err := operatorSettings(ctx, t, s, l); err != nil {
			return err
		}
		if err := Suspensions(ctx, t, s, l); err != nil {
			return err
		}
	}
	return nil
}

// operatorSettings reports whether a user has paused or limited a lane.
func operatorSettings(ctx context.Context, t *terminal.IO, s *session.Session, l tasks.Lane) error {
	operator := lane.NewOperator(s.Redis, l.String())
	pause, err := operator.Paused(ctx)
	if err != nil {
		return err
	}
	if pause != nil {
		t.Infof("%s", LanePauseText(l, *pause))
	}
	limit, err := operator.Limit(ctx)
	if err != nil {
		return err
	}
	if limit != nil {
		t.Infof("lane %s: %s, set %s", l, words.Rate(limit.RPS), SetBy(limit.Since, limit.By, limit.Reason, time.Now()))
	}
	rates, err := operator.InForce(ctx)
	if err != nil {
		return err
	}
	Throttled(t, l, rates)
	return nil
}

// Throttled reports that BCE's refusals have lowered the rates of a lane.
func Throttled(t *terminal.IO, l tasks.Lane, rates lane.InForce) {
	for _, rate := range []struct {
		what string
		lane.Rates
	}{{"creates", rates.Creates}, {"deletions", rates.Deletions}} {
		if r := rate.Rates; r.Learned != nil {
			t.Infof("lane %s: BCE refused %s for their rate %s (%s: %s); all workers together now send at most %s, and more while BCE accepts them",
				l, rate.what, Ago(ledger.Millis(r.Learned.At.UnixMilli()), time.Now()), render.Printable(r.Learned.Code), Short(r.Learned.Message), words.Rate(r.RPS))
		}
	}
}

// QueuePause reports whether a lane's queue is paused in asynq, so that workers take no tasks from it.
func QueuePause(ctx context.Context, t *terminal.IO, s *session.Session, l tasks.Lane) error {
	since, err := queue.Of(s.Redis, l).PausedSince(ctx)
	if err == nil && !since.IsZero() {
		t.Infof("%s", QueuePauseText(l, since))
	}
	return err
}

// QueuePauseText says when the queue of a lane was paused in asynq, and how to resume it.
func QueuePauseText(l tasks.Lane, since time.Time) string {
	return fmt.Sprintf("asynq's queue of lane %s was paused %s; `enqueue resume %s` resumes it", l, Ago(ledger.Millis(since.UnixMilli()), time.Now()), l)
}

// LanePauseText says when a lane was paused, by whom and why, and how to resume it.
func LanePauseText(l tasks.Lane, pause lane.Suspension) string {
	return fmt.Sprintf("lane %s was paused %s; `enqueue resume %s` resumes it", l, SetBy(pause.Since, pause.By, pause.Message, time.Now()), l)
}

// SetBy says when something was set, by whom and why, such as "5m ago by li@host: new key".
func SetBy(since time.Time, by, reason string, now time.Time) string {
	text := fmt.Sprintf("%s by %s", Ago(ledger.Millis(since.UnixMilli()), now), render.Printable(by))
	if reason != "" {
		text += ": " + Short(reason)
	}
	return text
}

// Suspensions reports why a lane, or subnets of it, are suspended.
func Suspensions(ctx context.Context, t *terminal.IO, s *session.Session, l tasks.Lane) error {
	suspensions, err := lane.NewBreaker(s.Redis, l.String()).Suspensions(ctx)
	if err != nil {
		return err
	}
	for _, suspended := range suspensions {
		t.Infof("%s", SuspensionText(l, suspended))
	}
	return nil
}

// SuspensionText says how long a lane, its deletions or a subnet of it has been suspended, and the error that suspended it.
func SuspensionText(l tasks.Lane, suspended lane.Suspension) string {
	what := "lane " + l.String()
	have := "has"
	switch suspended.Target {
	case lane.TargetSubnet:
		what = "subnet " + suspended.SubnetID + " of " + what
	case lane.TargetDeletions:
		what, have = "deletions of "+what, "have"
	default:
	}
	return fmt.Sprintf("%s %s been suspended for %s, after %s: %s: %s", what, have, words.Time(time.Since(suspended.Since)),
		words.Count(suspended.Failures, "refusal", "refusals"), render.Printable(suspended.Code), Short(suspended.Message))
}

// unserved reports a lane that has tasks and no worker.
func unserved(ctx context.Context, t *terminal.IO, s *session.Session, l tasks.Lane) error {
	size, err := queue.Of(s.Redis, l).Sizes(ctx)
	if err != nil || size.Waiting() == 0 {
		return err
	}
	served, err := Served(ctx, s, l)
	if err == nil && !served {
		t.Infof("%s", UnservedText(s, l))
	}
	return err
}

// mayReturn is how old the last heartbeat of a worker may be that is waited for: older than after any usual restart of Redis.
const mayReturn = 2 * time.Minute

// Served reports whether a worker serves a lane. When Redis was away for some seconds, all heartbeats are old: Served waits
// for the next one of a worker of the lane that sent one not long ago, and has not stopped.
func Served(ctx context.Context, s *session.Session, l tasks.Lane) (bool, error) {
	q := queue.Of(s.Redis, l)
	served, err := q.ServedNow(ctx)
	if err != nil || served {
		return served, err
	}
	recently, err := queue.Serving(ctx, s.Redis, mayReturn)
	if err != nil || !recently[l] {
		return false, err
	}
	unserved, err := q.StaysUnserved(ctx, queue.UnservedAfter)
	return err == nil && !unserved, err
}

// UnservedText says that no worker serves a lane, and how to start one. The store of a state directory is served only by
// `enqueue run`.
func UnservedText(s *session.Session, l tasks.Lane) string {
	if s.StateDir != "" {
		return fmt.Sprintf("no worker serves lane %s of this store; run `enqueue run` with the batch's file", l)
	}
	return fmt.Sprintf("no worker serves lane %s; start one with `worker --lane %s`", l, l)
}
