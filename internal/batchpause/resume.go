package batchpause

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/ledger"
)

// Resume resumes a batch with its failure limit, or with the one given, and reports whether it was paused. It may be
// repeated: an interrupted run leaves items without a task, and the next one enqueues them. Damaged items are an error
// after the others are resumed.
func Resume(ctx context.Context, t *terminal.IO, s *session.Session, batch string, limit FailureLimit, reason string) (changed bool, err error) {
	b, changed, err := End(ctx, s, batch, limit, reason)
	if err != nil {
		return changed, err
	}
	bar := t.NewBar("resume", b.Total)
	defer bar.Finish()
	var damaged report.Damage
	err = Requeue(ctx, s, b, changed, bar.Set, func(fault error) { damaged.Skip(fault) })
	if err != nil && !errors.Is(err, context.Canceled) {
		return changed, fmt.Errorf("%w; run the same command again to continue; otherwise workers find the items without a task within minutes", err)
	}
	return changed, cmp.Or(err, damaged.Err(t, b.Name, report.DamageLeftAlone))
}

// End ends the pause of a batch, and reports whether there was one. Its items have no tasks until [Requeue].
func End(ctx context.Context, s *session.Session, batch string, limit FailureLimit, reason string) (b ledger.Batch, changed bool, err error) {
	act := s.BatchAct(reason)
	changed, err = s.Ledger.Resume(ctx, batch, limit.given, act)
	if err == nil && !changed && limit.given != nil {
		_, err = s.Ledger.LimitFailures(ctx, batch, *limit.given, act)
	}
	if err != nil {
		return b, changed, err
	}
	b, err = s.Ledger.Batch(ctx, batch)
	if err == nil && b.Pause != nil { // by failures from while it was paused, or by the new limit
		err = report.StoppedError(b, "")
	}
	return b, changed, err
}

// Requeue enqueues tasks for the items of a resumed batch: see [bulk.Executor.PutBack].
func Requeue(ctx context.Context, s *session.Session, b ledger.Batch, wasPaused bool, progress func(int64), skip func(error)) error {
	on, release, err := s.Executor(b.Name, "")
	if err != nil {
		return err
	}
	defer release()
	return on.PutBack(ctx, wasPaused, progress, skip)
}
