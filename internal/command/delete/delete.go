// Package delete is the command that deletes the record of a finished batch.
package delete

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/words"
	"havip/ledger"
	"havip/tasks"
)

type options struct {
	batch, reason           string
	dryRun, yes, incomplete bool
	durable                 durability.Verifier
}

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "delete BATCH",
		Short: "Delete the record of a finished batch, but not its HaVIPs",
		Long: `Delete deletes the record of a finished batch from Redis: its items, their requests and its
events. It deletes no HaVIP; to delete the HaVIPs, run ` + "`enqueue rollback`" + ` first.

A deleted batch can no longer be verified, retried or rolled back. Save the results first, or
use ` + "`enqueue archive`" + ` instead. Of an archived batch, delete releases the reserved name.
Applying the same file again is refused unless --allow-duplicates is given, because it would
create further HaVIPs; ` + "`enqueue import`" + ` records those that stay.

A batch with unfinished items is refused. The command asks for confirmation on a terminal,
and needs --yes without one.`,
		Example: `  enqueue results havips -o ndjson > havips.results && enqueue delete havips --yes
  enqueue delete havips --dry-run
  enqueue delete half-applied --incomplete --reason 'its file is lost'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.batch = args[0]
			return run(cmd.Context(), f, opts)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&opts.dryRun, "dry-run", false, "show what would be deleted, without deleting it")
	flags.BoolVar(&opts.yes, "yes", false, "do not ask for confirmation; required without a terminal")
	flags.BoolVar(&opts.incomplete, "incomplete", false, "also delete a batch that its producer has not completed")
	session.DefineReason(cmd, &opts.reason)
	opts.durable.Define(cmd)
	return cmd
}

// run deletes the record, after it has asked for confirmation.
func run(ctx context.Context, f *session.Factory, opts options) error {
	if !opts.dryRun && !opts.yes && !f.CanAsk() {
		return cli.Failf(cli.ExitUsage, "delete cannot be undone, and there is no terminal for confirmation; pass --yes, or preview with --dry-run")
	}
	s, err := opts.durable.OpenFor(ctx, f, !opts.dryRun)
	if err != nil {
		return err
	}
	defer s.Close()
	b, err := s.Batch(ctx, opts.batch)
	if missing := (*ledger.BatchNotFoundError)(nil); errors.As(err, &missing) && missing.Archive != nil {
		return releaseName(ctx, f, s, missing, opts)
	}
	if err != nil {
		return err
	}
	if err := deletable(ctx, s, b, opts.incomplete); err != nil {
		return err
	}
	f.Infof("batch %s: %s, %s; %s", b.Name, words.Count(b.Total, "item", "items"), report.Counts(b), report.Staying(b))
	if opts.dryRun {
		return nil
	}
	if !opts.yes {
		if err := f.Ask(ctx, "Delete its record? This cannot be undone.", "nothing was deleted"); err != nil {
			return err
		}
	}
	return opts.durable.Change(ctx, f, s, durability.Batch(b.Name), func() error {
		err := discardCanceled(ctx, s, b)
		if err == nil {
			err = tasks.LeaveBehind(ctx, s.Ledger, b.Name)
		}
		if err == nil {
			err = forget(ctx, f, s, b, opts)
		}
		return cli.NotDone(err, "batch %s: its record was not deleted", b.Name)
	})
}

// releaseName deletes what remains of an archived batch, so that its name can be used again.
func releaseName(ctx context.Context, f *session.Factory, s *session.Session, b *ledger.BatchNotFoundError, opts options) error {
	f.Infof("batch %s: archived to %s, which stays; its name is reserved", b.Batch, shell.Quote(b.Archive.File))
	if opts.dryRun {
		return nil
	}
	if !opts.yes {
		if err := f.Ask(ctx, "Release its name?", "the name stays reserved"); err != nil {
			return err
		}
	}
	return opts.durable.Change(ctx, f, s, durability.Batch(b.Batch), func() error {
		if err := s.Ledger.ReleaseName(ctx, b.Batch, session.Author(), session.ReasonText(opts.reason)); err != nil {
			return cli.NotDone(err, "batch %s: its name was not released", b.Batch)
		}
		f.Infof("batch %s: its name is released", b.Batch)
		return nil
	})
}

// deletable refuses a batch that is not finished.
func deletable(ctx context.Context, s *session.Session, b ledger.Batch, incomplete bool) error {
	if err := report.Unfinished(ctx, s, b); err != nil {
		return err
	}
	if b.CommittedAt == 0 && !incomplete {
		return cli.Failf(cli.ExitPending, "%s; or delete it with --incomplete", report.IncompleteText(b))
	}
	return nil
}

// discardCanceled deletes the tasks of canceled items before their records are deleted. A worker would archive a later one.
func discardCanceled(ctx context.Context, s *session.Session, b ledger.Batch) error {
	if b.Counts[ledger.Canceled] == 0 {
		return nil
	}
	on, release, err := s.Executor(b.Name, "")
	if err != nil {
		return err
	}
	defer release()
	return on.DiscardFinished(ctx, 0)
}

func forget(ctx context.Context, f *session.Factory, s *session.Session, b ledger.Batch, opts options) error {
	verdict, err := s.Ledger.Forget(ctx, b.Name, ledger.Forgetting{
		By: session.Author(), Reason: session.ReasonText(opts.reason), Incomplete: opts.incomplete,
	})
	switch {
	case err != nil:
		return err
	case verdict != ledger.ForgottenNow:
		return cli.Failf(cli.ExitPending, "batch %s changed in the meantime and was not deleted; see `enqueue status %s`", b.Name, shell.Operand(b.Name))
	}
	f.Infof("batch %s: its record is deleted", b.Name)
	return nil
}
