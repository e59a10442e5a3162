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
	case b.Pause != nil: // by failures from while it was paused, or by the new limit
		return changed, report.StoppedError(b, "")
	}
	return changed, requeue(ctx, t, s, b, changed)
}

// requeue enqueues tasks for the items of a resumed batch: see [bulk.Executor.PutBack].
func requeue(ctx context.Context, t *terminal.IO, s *session.Session, b ledger.Batch, wasPaused bool) error {
	on, release, err := s.Executor(b.Name, "")
	if err != nil {
		return err
	}
	defer release()
	bar := t.NewBar("resume", b.Total)
	defer bar.Finish()
	var damaged report.Damage
	err = on.PutBack(ctx, wasPaused, bar.Set, func(fault error) { damaged.Skip(fault) })
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w; run the same command again to continue; otherwise workers find the items without a task within minutes", err)
	}
	return cmp.Or(err, damaged.Err(t, b.Name, report.DamageLeftAlone))
}
