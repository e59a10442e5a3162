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

// Lanes tells of every lane whether it is paused, limited, suspended or without a worker: nothing else shows
// why a batch does not move.
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
		if len(unfinished) > 0 { // else all that waits are tasks of items that have ended
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

// operatorSettings tells whether a person has paused or limited a lane.
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
		t.Infof("lane %s is set to %s, %s", l, words.Rate(limit.RPS), SetBy(limit.Since, limit.By, limit.Reason, time.Now()))
	}
	return nil
}

// QueuePause tells whether asynq's own pause keeps workers from taking tasks of a lane.
func QueuePause(ctx context.Context, t *terminal.IO, s *session.Session, l tasks.Lane) error {
	since, err := queue.Of(s.Redis, l).PausedSince(ctx)
	if err == nil && !since.IsZero() {
		t.Infof("%s", QueuePauseText(l, since))
	}
	return err
}

// QueuePauseText says since when the queue of a lane is paused in asynq, and how to resume it.
func QueuePauseText(l tasks.Lane, since time.Time) string {
	return fmt.Sprintf("asynq's queue of lane %s is paused since %s; `enqueue resume %s` resumes it", l, Ago(ledger.Millis(since.UnixMilli()), time.Now()), l)
}

// LanePauseText says since when a lane is paused, by whom and why, and how to resume it.
func LanePauseText(l tasks.Lane, pause lane.Suspension) string {
	return fmt.Sprintf("lane %s is paused, %s; `enqueue resume %s` lets it go on", l, SetBy(pause.Since, pause.By, pause.Message, time.Now()), l)
}

// SetBy says since when something is set, by whom and why.
func SetBy(since time.Time, by, reason string, now time.Time) string {
	text := fmt.Sprintf("since %s, by %s", Ago(ledger.Millis(since.UnixMilli()), now), render.Printable(by))
	if reason != "" {
		text += ": " + Short(reason)
	}
	return text
}

// Suspensions tells which faults have suspended a lane or a subnet of it.
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

// SuspensionText says for how long a lane or a subnet of it has been suspended, and for which error.
func SuspensionText(l tasks.Lane, suspended lane.Suspension) string {
	what := "lane " + l.String()
	if suspended.SubnetID != "" {
		what = "subnet " + suspended.SubnetID + " of " + what
	}
	return fmt.Sprintf("%s has been held back for %s, after %s: %s: %s", what, words.Time(time.Since(suspended.Since)),
		words.Count(suspended.Failures, "refusal", "refusals"), render.Printable(suspended.Code), Short(suspended.Message))
}

// unserved tells of a lane with tasks and without a worker.
func unserved(ctx context.Context, t *terminal.IO, s *session.Session, l tasks.Lane) error {
	q := queue.Of(s.Redis, l)
	size, err := q.Sizes(ctx)
	if err != nil || size.Waiting() == 0 {
		return err
	}
	unserved, err := q.StaysUnserved(ctx, queue.SecondLook)
	if unserved {
		t.Infof("%s", UnservedText(s, l))
	}
	return err
}

// UnservedText says that no worker serves a lane, and how to start one. In a store over a state directory only
// `enqueue run` works.
func UnservedText(s *session.Session, l tasks.Lane) string {
	if s.StateDir != "" {
		return fmt.Sprintf("nothing works on lane %s in this store; `enqueue run FILE` with the batch's file does", l)
	}
	return fmt.Sprintf("no worker serves lane %s; start one with `worker --lane %s`", l, l)
}
