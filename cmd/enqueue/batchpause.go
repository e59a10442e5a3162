package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/ledger"
)

// pauseBatch holds a batch for a person.
func (a *app) pauseBatch(ctx context.Context, s *session.Session, batch, reason string) error {
	changed, err := s.Ledger.Pause(ctx, batch, ledger.Act{By: session.Author(), Reason: session.ReasonText(reason)})
	if err != nil {
		return err
	}
	b, err := s.Ledger.Batch(ctx, batch)
	switch {
	case err != nil:
		return err
	case changed:
		a.Infof("batch %s is paused: nothing new of it is begun; what is in flight or in doubt ends and is recorded", batch)
	case b.Pause != nil:
		a.Infof("%s", report.PauseText(b))
	}
	return nil
}

// resumeBatch lets a batch go on, and says so.
func (a *app) resumeBatch(ctx context.Context, s *session.Session, batch string, limit failureLimit, reason string) error {
	changed, err := a.letGoOn(ctx, s, batch, limit, reason)
	switch {
	case err != nil && !report.IsDamage(err):
		return err
	case changed:
		a.Infof("batch %s goes on; follow it with `enqueue watch %s`", batch, shell.Quote(batch))
	default:
		a.Infof("batch %s is not held", batch)
	}
	return err
}

// letGoOn reports whether the batch was held. Killed half-way, it is run again: what has no task by then
// gets one.
func (a *app) letGoOn(ctx context.Context, s *session.Session, batch string, limit failureLimit, reason string) (changed bool, err error) {
	act := ledger.Act{By: session.Author(), Reason: session.ReasonText(reason)}
	changed, err = s.Ledger.Resume(ctx, batch, limit.given, act)
	if err == nil && !changed && limit.given != nil {
		_, err = s.Ledger.LimitFailures(ctx, batch, *limit.given, act)
	}
	if err != nil {
		return changed, err
	}
	b, err := s.Ledger.Batch(ctx, batch)
	switch {
	case err != nil:
		return changed, err
	case b.Pause != nil: // for failures that came while it was paused, or under the new limit
		return changed, report.StoppedError(b, "")
	}
	return changed, a.putBack(ctx, s, b, changed)
}

// putBack puts in the tasks of items that were held: see [bulk.Site.PutBack].
func (a *app) putBack(ctx context.Context, s *session.Session, b ledger.Batch, wasHeld bool) error {
	on, release, err := s.Executor(b.Name, "")
	if err != nil {
		return err
	}
	defer release()
	bar := a.NewBar("resume", 0, b.Total)
	defer bar.Finish()
	var damaged report.Damage
	err = on.PutBack(ctx, wasHeld, bar.Set, func(fault error) { damaged.Skip(fault) })
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w; run the same command again to go on, or a worker finds within minutes what has no task", err)
	}
	return cmp.Or(err, damaged.Err(a.IO, b.Name, leftAlone))
}
