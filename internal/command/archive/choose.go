package archive

import (
	"context"
	"errors"

	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/report"
	"havip/internal/shell"
	"havip/internal/words"
	"havip/ledger"
)

// choose returns the batches to archive. Of named ones, each must be finished or archived already.
func (a archiver) choose(ctx context.Context) ([]ledger.Batch, error) {
	if a.olderThan > 0 {
		return a.old(ctx)
	}
	var chosen []ledger.Batch
	for _, name := range a.batches {
		b, err := a.session.Batch(ctx, name)
		var missing *ledger.BatchNotFoundError
		switch {
		case errors.As(err, &missing) && missing.Archive != nil && !a.toStdout():
			a.Infof("batch %s is archived already, to %s", name, shell.Quote(missing.Archive.File))
			if a.changes() {
				err = a.finish(ctx, name)
			}
		case err == nil:
			chosen, err = append(chosen, b), a.archivable(ctx, b)
		}
		if err != nil {
			return nil, err
		}
	}
	return chosen, nil
}

// finish does what an earlier run may have left to do after it removed the batch, and verifies that Redis keeps the removal.
func (a archiver) finish(ctx context.Context, batch string) error {
	return a.durable.Change(ctx, a.Factory, a.session, durability.Batch(batch), func() error {
		// No batch has this version: one that uses the name again since is kept.
		_, err := a.session.Ledger.Forget(ctx, batch, ledger.Forgetting{Version: "archived"})
		return err
	})
}

// archivable refuses a batch that is not finished, or that its producer did not complete.
func (a archiver) archivable(ctx context.Context, b ledger.Batch) error {
	if err := report.Unfinished(ctx, a.session, b); err != nil {
		return err
	}
	if b.CommittedAt == 0 {
		return cli.Failf(cli.ExitPending, "%s; a batch that nobody completes can be deleted with `enqueue delete %s`",
			report.IncompleteText(b), shell.Operand(b.Name, "--incomplete"))
	}
	return nil
}

// old returns the batches that were complete for long enough, and says how many others there are.
func (a archiver) old(ctx context.Context) ([]ledger.Batch, error) {
	batches, err := a.session.Ledger.Batches(ctx)
	if err != nil {
		return nil, err
	}
	now, err := a.session.Redis.Time(ctx).Result()
	if err != nil {
		return nil, err
	}
	var chosen []ledger.Batch
	unfinished, young := 0, 0
	for _, b := range batches {
		switch {
		case b.Damaged != nil:
			a.Errorf("batch %s: its record in Redis cannot be read completely, and it is kept: %v", b.Name, b.Damaged)
		case !b.Done() || len(b.PendingNotifications) > 0 || b.CompletedAt == 0:
			unfinished++
		case now.Sub(b.CompletedAt.Time()) < a.olderThan:
			young++
		default:
			chosen = append(chosen, b)
		}
	}
	if unfinished+young > 0 {
		a.Infof("kept: %s, and %s less than %s ago", words.Count(unfinished, "unfinished batch", "unfinished batches"),
			words.Count(young, "batch that was complete", "batches that were complete"), a.olderThan)
	}
	if len(chosen) == 0 {
		a.Infof("no batch was complete for %s", a.olderThan)
	}
	return chosen, nil
}
