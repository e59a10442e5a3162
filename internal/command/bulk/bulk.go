// Package bulk has the commands that change items of a batch: retry, cancel, rollback and resolve.
package bulk

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

// options are common to all commands of this package.
type options struct {
	batch       string
	where       []string
	reason      string
	dryRun, yes bool
	durable     durability.Verifier
}

func (opts *options) define(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&opts.where, "where", nil, "only items with FIELD=VALUE; may be repeated, and all must match. FIELD: "+strings.Join(bulk.Fields, ", "))
	opts.defineCommon(cmd)
}

// defineCommon defines the flags but --where.
func (opts *options) defineCommon(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&opts.dryRun, "dry-run", false, "show what would be done, without doing it")
	flags.BoolVar(&opts.yes, "yes", false, "do not ask for confirmation; required without a terminal")
	session.DefineReason(cmd, &opts.reason)
	opts.durable.Define(cmd)
}

// operation is a bulk operation as a command.
type operation struct {
	bulk.Operation
	*session.Factory
	options
	// before waits until the plan can be made; may be nil.
	before func(ctx context.Context, s *session.Session, b ledger.Batch) error
	// question returns the confirmation question for n items; nil means a question with the operation's name.
	question func(n int64, batch string) string
	// resultsFollow reports that the items' results go to stdout, so that the tally goes to stderr.
	resultsFollow bool
	// after says what happens next.
	after func(b ledger.Batch, done *bulk.Tally)
}

// run plans the operation, asks for confirmation, and carries it out.
func (v operation) run(ctx context.Context) error {
	chosen, err := v.check()
	if err != nil {
		return err
	}
	s, err := v.durable.OpenFor(ctx, v.Factory, !v.dryRun)
	if err != nil {
		return err
	}
	defer s.Close()
	b, err := s.Batch(ctx, v.batch)
	if err != nil {
		return err
	}
	if v.before != nil && !v.dryRun {
		if err := v.before(ctx, s, b); err != nil {
			return err
		}
	}
	plan, err := v.plan(ctx, s, b, chosen)
	if err != nil {
		return err
	}
	if v.dryRun {
		return cmp.Or(v.show(planned(v.Name, plan), plan), damageOf(plan).Err(v.IO, v.batch, report.DamageLeftAlone))
	}
	if plan.Eligible() == 0 { // an earlier run may have done it; its durability is verified as well
		err := v.durable.Change(ctx, v.Factory, s, durability.Batch(v.batch), func() error {
			return cmp.Or(v.finish(ctx, s), v.show(planned(v.Name, plan), plan))
		})
		return cmp.Or(err, damageOf(plan).Err(v.IO, v.batch, report.DamageLeftAlone))
	}
	if !v.yes {
		if err := v.confirm(ctx, plan); err != nil {
			return err
		}
	}
	var done *bulk.Tally
	err = v.durable.Change(ctx, v.Factory, s, durability.Batch(v.batch), func() (err error) {
		if done, err = v.do(ctx, s, chosen, plan.Eligible()); err != nil {
			return err
		}
		return v.show(outcome(v.Name, done), done)
	})
	if err != nil {
		return err
	}
	v.after(b, done)
	if b, err = s.Batch(ctx, v.batch); err != nil {
		return err
	}
	v.CarryOn(s, b)
	return damageOf(done).Err(v.IO, v.batch, report.DamageLeftAlone)
}

// plan returns what would be done. If nobody will see it and the batch's counters say that there is something to do, it is their
// estimate: to evaluate a million items takes as long as to change them.
func (v operation) plan(ctx context.Context, s *session.Session, b ledger.Batch, chosen bulk.Selection) (*bulk.Tally, error) {
	if v.yes && !v.dryRun {
		if estimate, ok := v.Forecast(b, chosen); ok && estimate.Eligible() > 0 {
			return estimate, nil
		}
	}
	return v.Plan(ctx, s.Ledger, v.batch, chosen)
}

func damageOf(t *bulk.Tally) *report.Damage { return report.NewDamage(t.Faults(), t.Damaged()) }

// show writes the counts.
func (v operation) show(line string, t *bulk.Tally) error {
	if v.resultsFollow {
		v.Infof("%s", line)
		return nil
	}
	return showTally(v.IO, line, t)
}

// check validates the command line before anything is read.
func (v operation) check() (bulk.Selection, error) {
	chosen, err := parseWhere(v.where)
	if err == nil && !v.dryRun && !v.yes && !v.CanAsk() {
		err = cli.Failf(cli.ExitUsage, "%s asks for confirmation, and there is no terminal; pass --yes, or preview with --dry-run", v.Name)
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

// confirm shows what would be done, and asks.
func (v operation) confirm(ctx context.Context, plan *bulk.Tally) error {
	v.Infof("%s", planned(v.Name, plan))
	for _, row := range plan.Rows() {
		v.Infof("  %s", rowLine(row))
	}
	question := fmt.Sprintf("%s %s?", capital(v.Name), words.Count(plan.Eligible(), "item", "items"))
	if v.question != nil {
		question = v.question(plan.Eligible(), v.batch)
	}
	return v.Ask(ctx, question, "nothing was changed")
}

// finish repeats what follows the last item: an earlier run may have been killed before it.
func (v operation) finish(ctx context.Context, s *session.Session) error {
	executor, release, err := s.Executor(v.batch, v.reason)
	if err != nil {
		return err
	}
	defer release()
	return v.Finish(ctx, executor)
}

// do carries the operation out with a progress bar.
func (v operation) do(ctx context.Context, s *session.Session, chosen bulk.Selection, planned int64) (*bulk.Tally, error) {
	executor, release, err := s.Executor(v.batch, v.reason)
	if err != nil {
		return nil, err
	}
	defer release()
	bar := v.NewBar(v.Name, planned)
	defer bar.Finish()
	done, err := v.CarryOut(ctx, executor, chosen, planned, bar.Set)
	if err != nil {
		return nil, fmt.Errorf("%w; %s of %s done so far; run the same command again to continue", err, words.Number(done.Eligible()), words.Count(planned, "item", "items"))
	}
	return done, nil
}
