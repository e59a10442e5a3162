package main

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
	"havip/internal/words"
	"havip/ledger"
)

func (a *app) rollbackCommand() *cobra.Command {
	var flags bulkFlags
	var wait bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "rollback BATCH",
		Short: "Delete the HaVIPs that a batch created",
		Long: `Rollback deletes exactly what the batch created: the HaVIP of each item in state created,
by its haVipId. What it adopted stays, for that this batch created it is not proven; and so
does whatever is not finished: cancel that first. What was created a moment ago is waited
for, up to half a minute, until BCE has shown it to a worker.

The workers do it, through the same queue, ledger and retries as they create. One that
something is bound to is not deleted: its item is created still, and its reason names the
instances. A HaVIP that somebody deleted by hand counts as deleted where the key can be seen
to be the account's.

It asks on a terminal, and needs --yes without one. Killed half-way, it is simply run again.`,
		Example: `  enqueue rollback havips --dry-run
  enqueue rollback havips --reason 'wrong VPC' --yes --wait
  enqueue rollback havips --where subnetId=sbn-dk8gl9bc`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			verb := bulkCommand{
				Operation: bulk.Rollback(), before: a.awaitConfirmed, question: rollbackQuestion, resultsFollow: wait && !flags.dryRun,
				after: func(b ledger.Batch, done *bulk.Tally) {
					if !wait {
						a.afterRollback(b, done)
					}
				},
			}
			err := verb.run(cmd.Context(), a, args[0], flags)
			if err != nil && !report.IsDamage(err) || !wait || flags.dryRun {
				return err
			}
			return a.finishRollback(cmd.Context(), args[0], flags, timeout)
		},
	}
	a.defineBulkFlags(cmd, &flags)
	f := cmd.Flags()
	f.BoolVar(&wait, "wait", false, "wait until the batch is done, or held with nothing left to delete; exit with 1 if a HaVIP could not be deleted")
	f.DurationVar(&timeout, "timeout", 0, "with --wait: give up waiting after this time, with exit code 8; the rollback goes on")
	return cmd
}

// confirmPatience bounds the wait for what was created a moment ago to be confirmed.
const confirmPatience = 30 * time.Second

// awaitConfirmed waits a while for BCE to show what it created: only that is rolled back.
func (a *app) awaitConfirmed(ctx context.Context, s *session.Session, b ledger.Batch) (err error) {
	if b.Unconfirmed == 0 {
		return nil
	}
	a.Infof("%s not confirmed yet; waiting for a worker to ask BCE", words.Count(b.Unconfirmed, "HaVIP is", "HaVIPs are"))
	poll := time.NewTicker(follow.PollInterval)
	defer poll.Stop()
	for until := time.Now().Add(confirmPatience); b.Unconfirmed > 0 && time.Now().Before(until); {
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

// afterRollback tells what is still to come.
func (a *app) afterRollback(b ledger.Batch, done *bulk.Tally) {
	if done.Eligible() == 0 {
		return
	}
	a.Infof("the workers delete them; follow it with `enqueue watch %s`. What is bound to something stays: `enqueue results %s --state created` names it",
		shell.Quote(b.Name), shell.Quote(b.Name))
}

// rolledBack reports whether a batch that is held has nothing left to delete. Its other items wait for a
// person, and not for the rollback.
func rolledBack(b ledger.Batch) bool { return b.Counts[ledger.Deleting] == 0 }

// finishRollback waits for the batch, prints its results, and counts what was asked for and stays.
func (a *app) finishRollback(ctx context.Context, batch string, flags bulkFlags, timeout time.Duration) error {
	chosen, err := parseWhere(flags.where)
	if err != nil {
		return err
	}
	s, err := a.Open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	w := &follow.Watcher{IO: a.IO, Session: s, Batch: batch, Over: rolledBack}
	if _, err := w.RunFor(ctx, timeout); err != nil {
		return err
	}
	damaged := report.Results(ctx, a.IO, s, batch, report.Filter{})
	if damaged != nil && !report.IsDamage(damaged) {
		return damaged
	}
	stay := int64(0)
	for item, err := range chosen.Items(ctx, s.Ledger, batch) {
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
		return cli.Failf(cli.ExitItemsFailed, "batch %s: %s not deleted; the results say why", batch, words.Count(stay, "HaVIP was", "HaVIPs were"))
	}
	return damaged
}
