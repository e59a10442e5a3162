package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"havip/internal/bulk"
	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/words"
	"havip/ledger"
)

// bulkFlags are the flags of every operation on many items of a batch.
type bulkFlags struct {
	where       []string
	reason      string
	dryRun, yes bool
}

func (a *app) defineBulkFlags(cmd *cobra.Command, flags *bulkFlags) {
	f := cmd.Flags()
	f.StringArrayVar(&flags.where, "where", nil, "only items with FIELD=VALUE; may be repeated, and all must hold. FIELD: "+strings.Join(bulk.Fields, ", "))
	f.BoolVar(&flags.dryRun, "dry-run", false, "tell what would be done, and change nothing")
	f.BoolVar(&flags.yes, "yes", false, "do not ask; required without a terminal")
	session.DefineReason(cmd, &flags.reason)
	a.durable.Define(cmd)
}

// bulkCommand is a bulk operation as a command.
type bulkCommand struct {
	bulk.Operation
	// before waits for what the plan depends on; nil for nothing.
	before func(ctx context.Context, s *session.Session, b ledger.Batch) error
	// question is what to ask before n items are changed; nil asks with the operation's name.
	question func(n int64, batch string) string
	// resultsFollow says that the items' results go to stdout; the tally then goes to stderr.
	resultsFollow bool
	// after tells what is still to come.
	after func(b ledger.Batch, done *bulk.Tally)
}

// run looks, asks, and does it.
func (v bulkCommand) run(ctx context.Context, a *app, batch string, flags bulkFlags) error {
	chosen, err := v.check(a, flags)
	if err != nil {
		return err
	}
	s, err := a.Open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	b, err := s.Ledger.Batch(ctx, batch)
	if err != nil {
		return session.NotFound(err)
	}
	if v.before != nil && !flags.dryRun {
		if err := v.before(ctx, s, b); err != nil {
			return err
		}
	}
	plan, err := v.Plan(ctx, s.Ledger, batch, chosen)
	if err != nil {
		return err
	}
	if flags.dryRun {
		return cmp.Or(v.tell(a, planned(v.Name, plan), plan), damageOf(plan).Err(a.IO, batch, report.DamageLeftAlone))
	}
	if plan.Eligible() == 0 { // an earlier run may have done it, and that is verified as well
		err := a.durable.Change(ctx, a.Factory, s, durability.Batch(batch), func() error { return v.tell(a, planned(v.Name, plan), plan) })
		return cmp.Or(err, damageOf(plan).Err(a.IO, batch, report.DamageLeftAlone))
	}
	if !flags.yes {
		if err := v.consent(ctx, a, batch, plan); err != nil {
			return err
		}
	}
	var done *bulk.Tally
	err = a.durable.Change(ctx, a.Factory, s, durability.Batch(batch), func() (err error) {
		if done, err = v.do(ctx, a, s, batch, chosen, flags.reason, plan.Eligible()); err != nil {
			return err
		}
		return v.tell(a, outcome(v.Name, done), done)
	})
	if err != nil {
		return err
	}
	v.after(b, done)
	return damageOf(done).Err(a.IO, batch, report.DamageLeftAlone)
}

func damageOf(t *bulk.Tally) *report.Damage { return report.NewDamage(t.Faults(), t.Damaged()) }

func (v bulkCommand) tell(a *app, line string, t *bulk.Tally) error {
	if v.resultsFollow {
		a.Infof("%s", line)
		return nil
	}
	return a.showTally(line, t)
}

// check refuses a command line that cannot be carried out, before anything is looked at.
func (v bulkCommand) check(a *app, flags bulkFlags) (bulk.Selection, error) {
	chosen, err := parseWhere(flags.where)
	if err == nil && !flags.dryRun && !flags.yes && !a.CanAsk() {
		err = cli.Failf(cli.ExitUsage, "%s changes many items, and there is no terminal to ask on: pass --yes, or look first with --dry-run", v.Name)
	}
	return chosen, err
}

func parseWhere(wheres []string) (bulk.Selection, error) {
	chosen, err := bulk.ParseSelection(wheres)
	if err != nil {
		return nil, cli.Failf(cli.ExitUsage, "--where %w", err)
	}
	return chosen, nil
}

// consent shows what would be done, and asks.
func (v bulkCommand) consent(ctx context.Context, a *app, batch string, plan *bulk.Tally) error {
	a.Infof("%s", planned(v.Name, plan))
	for _, row := range plan.Rows() {
		a.Infof("  %s", rowLine(row))
	}
	question := fmt.Sprintf("%s %s?", capital(v.Name), words.Count(plan.Eligible(), "item", "items"))
	if v.question != nil {
		question = v.question(plan.Eligible(), batch)
	}
	return a.Ask(ctx, question, "nothing was changed")
}

// do carries the operation out with a progress bar.
func (v bulkCommand) do(ctx context.Context, a *app, s *session.Session, batch string, chosen bulk.Selection, reason string, planned int64) (*bulk.Tally, error) {
	executor, release, err := s.Executor(batch, reason)
	if err != nil {
		return nil, err
	}
	defer release()
	bar := a.NewBar(v.Name, 0, planned)
	defer bar.Finish()
	done, err := v.CarryOut(ctx, executor, chosen, planned, bar.Set)
	if err != nil {
		return nil, fmt.Errorf("%w; %s of %s done so far; run the same command again to go on", err, words.Number(done.Eligible()), words.Count(planned, "item", "items"))
	}
	return done, nil
}
