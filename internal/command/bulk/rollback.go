package bulk

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/bulk"
	"havip/internal/cli"
	"havip/internal/follow"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/ledger"
)

// rollbackOptions adds waiting to options.
type rollbackOptions struct {
	options
	wait    bool
	timeout time.Duration
}

// NewRollbackCommand returns the command.
func NewRollbackCommand(f *session.Factory) *cobra.Command {
	var opts rollbackOptions
	cmd := &cobra.Command{
		Use:   "rollback BATCH",
		Short: "Delete the HaVIPs that a batch created",
		Long: `Rollback deletes exactly what the batch created: the HaVIP of each item in state created,
by its haVipId. Adopted HaVIPs stay, because it is not proven that this batch created them.
Unfinished items are not changed: cancel them first. If a HaVIP was created moments ago,
rollback waits up to half a minute until a worker has confirmed it.

The workers delete the HaVIPs, with the same queue, ledger and retries as for creating. A
HaVIP that is bound to an instance is not deleted: its item stays created, and its reason
names the instances. A HaVIP that was deleted by hand counts as deleted, if it is certain
that the workers' key belongs to the account.

It asks for confirmation on a terminal, and needs --yes without one. If it is killed, run
it again.`,
		Example: `  enqueue rollback havips --dry-run
  enqueue rollback havips --reason 'wrong VPC' --yes --wait
  enqueue rollback havips --where subnetId=sbn-dk8gl9bc`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.batch = args[0]
			if !opts.wait {
				opts.timeout = 0
			}
			return rollback(cmd.Context(), f, opts)
		},
	}
	opts.define(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&opts.wait, "wait", false, "wait until the batch is done, or paused with nothing left to delete; exit with 1 if a HaVIP could not be deleted")
	follow.DefineTimeout(flags, &opts.timeout, "give up this long after the start of the command, with exit code 8, or 5 if Redis never answered; the rollback continues")
	cli.Requires(flags, "timeout", "wait")
	return cmd
}

// rollback asks the workers to delete the HaVIPs, and with --wait waits for it.
func rollback(ctx context.Context, f *session.Factory, opts rollbackOptions) error {
	timed, cancel := follow.WithTimeout(ctx, opts.timeout)
	defer cancel()
	answered := false
	err := operation{
		Operation: bulk.Rollback(), Factory: f, options: opts.options, question: rollbackQuestion, resultsFollow: opts.wait && !opts.dryRun,
		before: func(ctx context.Context, s *session.Session, b ledger.Batch) error {
			answered = true
			return awaitConfirmed(ctx, f.IO, s, b)
		},
		after: func(b ledger.Batch, done *bulk.Tally) {
			if !opts.wait {
				afterRollback(f.IO, b, done)
			}
		},
	}.run(timed)
	if err != nil && !answered {
		return err
	}
	if err != nil && !report.IsDamage(err) || !opts.wait || opts.dryRun {
		return follow.TimeoutError(timed, err)
	}
	return finishRollback(ctx, timed, f, opts)
}

// confirmWithin limits the wait for the confirmation of recently created HaVIPs.
const confirmWithin = 30 * time.Second

// awaitConfirmed waits a while until workers have confirmed the created HaVIPs, because only confirmed ones are rolled back.
func awaitConfirmed(ctx context.Context, t *terminal.IO, s *session.Session, b ledger.Batch) (err error) {
	if b.Unconfirmed == 0 {
		return nil
	}
	t.Infof("%s not confirmed yet; waiting for a worker to ask BCE", words.Count(b.Unconfirmed, "HaVIP is", "HaVIPs are"))
	poll := time.NewTicker(follow.PollInterval)
	defer poll.Stop()
	for until := time.Now().Add(confirmWithin); b.Unconfirmed > 0 && time.Now().Before(until); {
		select {
		case <-poll.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if b, err = s.Ledger.Batch(ctx, b.Name); err != nil {
			return err
		}
	}
	return nil
}

func rollbackQuestion(n int64, batch string) string {
	return fmt.Sprintf("Delete %s that batch %s created? This cannot be undone.", words.Count(n, "HaVIP", "HaVIPs"), batch)
}

// afterRollback says what happens next.
func afterRollback(t *terminal.IO, b ledger.Batch, done *bulk.Tally) {
	if done.Eligible() == 0 {
		return
	}
	t.Infof("the workers delete them; follow it with `enqueue watch %s`. HaVIPs that are bound to instances stay: `enqueue results %s` lists them",
		shell.Operand(b.Name), shell.Operand(b.Name, "--state created"))
}

// rolledBack reports whether a paused batch has nothing left to delete: its other items wait until it is resumed.
func rolledBack(b ledger.Batch) bool { return b.Counts[ledger.Deleting] == 0 }

// finishRollback waits for the batch until timed ends, and prints its results. Chosen HaVIPs that still exist are an error.
func finishRollback(ctx, timed context.Context, f *session.Factory, opts rollbackOptions) error {
	chosen, err := parseWhere(opts.where)
	if err != nil {
		return err
	}
	s, err := f.Open(timed)
	if err != nil {
		return err
	}
	defer s.Close()
	w := &follow.Watcher{IO: f.IO, Session: s, Batch: opts.batch, Over: rolledBack}
	if _, err := w.Follow(timed); err != nil {
		return err
	}
	damaged := report.Results(ctx, f.IO, s, opts.batch, report.Filter{})
	if damaged != nil && !report.IsDamage(damaged) {
		return damaged
	}
	stay := int64(0)
	for item, err := range chosen.Items(ctx, s.Ledger, opts.batch) {
		if report.IsDamage(err) {
			continue
		}
		if err != nil {
			return err
		}
		if item.Record.State == ledger.Created {
			stay++
		}
	}
	if stay > 0 {
		return cli.Failf(cli.ExitItemsFailed, "batch %s: %s not deleted; the results say why", opts.batch, words.Count(stay, "HaVIP was", "HaVIPs were"))
	}
	return damaged
}
