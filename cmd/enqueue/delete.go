package main

import (
	"context"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/words"
	"havip/ledger"
)

// deleteFlags are the terms of deleting a batch's record.
type deleteFlags struct {
	reason                  string
	dryRun, yes, incomplete bool
}

func (a *app) deleteCommand() *cobra.Command {
	var flags deleteFlags
	cmd := &cobra.Command{
		Use:   "delete BATCH",
		Short: "Delete what is recorded of a finished batch; its HaVIPs stay",
		Long: `Delete frees the memory that a finished batch takes in Redis: its items, their requests and
its events. It deletes no HaVIP; that is what ` + "`enqueue rollback`" + ` does, before.

What is deleted cannot be verified, retried or rolled back any more, and applying the same
file under the same name again creates new HaVIPs: print the results first, if in doubt.

A batch with unfinished items is refused. It asks on a terminal, and needs --yes without one.`,
		Example: `  enqueue results havips -o ndjson > havips.results && enqueue delete havips --yes
  enqueue delete havips --dry-run
  enqueue delete half-applied --incomplete --reason 'its file is lost'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !flags.dryRun && !flags.yes && !a.CanAsk() {
				return cli.Failf(cli.ExitUsage, "delete cannot be undone, and there is no terminal to ask on: pass --yes, or look first with --dry-run")
			}
			return a.deleteBatch(cmd.Context(), args[0], flags)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&flags.dryRun, "dry-run", false, "tell what would be deleted, and change nothing")
	f.BoolVar(&flags.yes, "yes", false, "do not ask; required without a terminal")
	f.BoolVar(&flags.incomplete, "incomplete", false, "also a batch that its producer is not through with")
	session.DefineReason(cmd, &flags.reason)
	a.durable.Define(cmd)
	return cmd
}

func (a *app) deleteBatch(ctx context.Context, name string, flags deleteFlags) error {
	s, err := a.Open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	b, err := s.Ledger.Batch(ctx, name)
	if err != nil {
		return session.NotFound(err)
	}
	if err := deletable(b, flags.incomplete); err != nil {
		return err
	}
	a.Infof("batch %s: %s, %s; %s", name, words.Count(b.Total, "item", "items"), report.Counts(b), staying(b))
	if flags.dryRun {
		return nil
	}
	if !flags.yes {
		if err := a.Ask(ctx, "Delete its record? This cannot be undone.", "nothing was deleted"); err != nil {
			return err
		}
	}
	return a.durable.Change(ctx, a.Factory, s, durability.Batch(name), func() error {
		if err := a.discardCanceled(ctx, s, b); err != nil {
			return err
		}
		return a.forget(ctx, s, b, flags)
	})
}

// deletable refuses a batch with something left to do.
func deletable(b ledger.Batch, incomplete bool) error {
	switch n := b.Open(); {
	case n > 0:
		return cli.Failf(cli.ExitPending, "batch %s: %s not finished; wait with `enqueue watch %s`, or cancel with `enqueue cancel %s`",
			b.Name, words.Count(n, "item is", "items are"), shell.Quote(b.Name), shell.Quote(b.Name))
	case len(b.PendingNotifications) > 0:
		return cli.Failf(cli.ExitPending, "batch %s: %s still to be delivered; `enqueue status %s` says why, and a batch owes none after it is given up",
			b.Name, words.Count(len(b.PendingNotifications), "notice is", "notices are"), shell.Quote(b.Name))
	case b.CommittedAt == 0 && !incomplete:
		return cli.Failf(cli.ExitPending, "%s; or delete it with --incomplete", report.IncompleteText(b))
	}
	return nil
}

// staying tells what a batch leaves behind in BCE.
func staying(b ledger.Batch) string {
	n := b.Counts[ledger.Created] + b.Counts[ledger.Adopted]
	if n == 0 {
		return "no HaVIP of it exists"
	}
	return words.Count(n, "HaVIP stays", "HaVIPs stay")
}

// discardCanceled takes out of the queue what the ledger would then not know any more.
func (a *app) discardCanceled(ctx context.Context, s *session.Session, b ledger.Batch) error {
	if b.Counts[ledger.Canceled] == 0 {
		return nil
	}
	on, release, err := s.Executor(b.Name, "")
	if err != nil {
		return err
	}
	defer release()
	return on.DiscardCanceled(ctx, func(fault error) { a.Errorf("%s; a task of it may be left in the queue, and does nothing", fault) })
}

func (a *app) forget(ctx context.Context, s *session.Session, b ledger.Batch, flags deleteFlags) error {
	verdict, err := s.Ledger.Forget(ctx, b.Name, ledger.Forgetting{
		By: session.Author(), Reason: session.ReasonText(flags.reason), Incomplete: flags.incomplete,
	})
	switch {
	case err != nil:
		return err
	case verdict != ledger.ForgottenNow:
		return cli.Failf(cli.ExitPending, "batch %s: somebody changed it meanwhile; see `enqueue status %s`", b.Name, shell.Quote(b.Name))
	}
	a.Infof("batch %s: its record is deleted", b.Name)
	return nil
}
