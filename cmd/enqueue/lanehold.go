package main

import (
	"context"
	"fmt"
	"time"

	"havip/internal/lane"
	"havip/internal/queue"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/words"
	"havip/ledger"
	"havip/tasks"
)

// sayHolds tells what is held back in any lane, and why, or that nobody serves it: a batch that does not
// move for it shows nothing else of it.
func (a *app) sayHolds(ctx context.Context, s *session.Session) error {
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
			if err := a.sayUnserved(ctx, s, l); err != nil {
				return err
			}
		}
		if err := a.sayOperator(ctx, s, l); err != nil {
			return err
		}
		if err := a.sayLaneHolds(ctx, s, l); err != nil {
			return err
		}
	}
	return nil
}

// sayOperator tells what a person has set for a lane.
func (a *app) sayOperator(ctx context.Context, s *session.Session, l tasks.Lane) error {
	operator := lane.NewOperator(s.Redis, l.String())
	pause, err := operator.Paused(ctx)
	if err != nil {
		return err
	}
	if pause != nil {
		a.Infof("%s", pausedLine(l, *pause))
	}
	limit, err := operator.Limit(ctx)
	if err != nil {
		return err
	}
	if limit != nil {
		a.Infof("lane %s is set to %s, %s", l, rate(limit.RPS), setBy(limit.Since, limit.By, limit.Reason, time.Now()))
	}
	return nil
}

func pausedLine(l tasks.Lane, pause lane.Suspension) string {
	return fmt.Sprintf("lane %s is paused, %s; `enqueue resume %s` lets it go on", l, setBy(pause.Since, pause.By, pause.Message, time.Now()), l)
}

// setBy says when a person did something, who and why.
func setBy(since time.Time, by, reason string, now time.Time) string {
	text := fmt.Sprintf("since %s, by %s", ago(ledger.Millis(since.UnixMilli()), now), render.Printable(by))
	if reason != "" {
		text += ": " + short(reason)
	}
	return text
}

// sayLaneHolds tells what faults hold a lane back.
func (a *app) sayLaneHolds(ctx context.Context, s *session.Session, l tasks.Lane) error {
	holds, err := lane.NewBreaker(s.Redis, l.String()).Suspensions(ctx)
	if err != nil {
		return err
	}
	for _, hold := range holds {
		a.Infof("%s", holdLine(l, hold))
	}
	return nil
}

func holdLine(l tasks.Lane, hold lane.Suspension) string {
	what := "lane " + l.String()
	if hold.SubnetID != "" {
		what = "subnet " + hold.SubnetID + " of " + what
	}
	return fmt.Sprintf("%s has been held back for %s, after %s: %s: %s", what, words.Time(time.Since(hold.Since)),
		words.Count(hold.Failures, "refusal", "refusals"), render.Printable(hold.Code), short(hold.Message))
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

// sayUnserved tells of a lane whose tasks nobody takes.
func (a *app) sayUnserved(ctx context.Context, s *session.Session, l tasks.Lane) error {
	q := queue.Of(s.Redis, l)
	size, err := q.Sizes(ctx)
	if err != nil || size.Waiting() == 0 {
		return err
	}
	unserved, err := q.StaysUnserved(ctx, queue.SecondLook)
	if unserved {
		a.Infof("%s", unservedLine(l))
	}
	return err
}

func unservedLine(l tasks.Lane) string {
	return fmt.Sprintf("no worker serves lane %s; start one with `worker --lane %s`", l, l)
}
