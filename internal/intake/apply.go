package intake

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"havip/internal/cli"
	"havip/internal/cloud"
	"havip/internal/durability"
	"havip/internal/plan"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/words"
	"havip/ledger"
	"havip/tasks"
)

// Apply compares the rows with the ledger, asks for confirmation unless yes, and enqueues what is missing. A saved
// plan is refused if the ledger has changed since. After a crash at any point, Apply can be repeated.
func Apply(ctx context.Context, f *session.Factory, s *session.Session, in *Input, durable durability.Verifier, yes bool) error {
	defer collectAt(f.Getenv, producingGC)()
	counts, err := in.compare(ctx, f, s)
	if err != nil {
		return err
	}
	if err := in.confirm(ctx, f, s, counts, yes); err != nil {
		return err
	}
	return durable.Change(ctx, f, s, durability.Batch(in.Batch), func() error {
		if in.saved != nil && !in.saved.begun && counts.Enqueue > 0 {
			if err := in.saved.Begin(ctx, s.Ledger, session.Author(), int64(counts.Enqueue)); err != nil {
				return err
			}
		}
		return in.enqueue(ctx, f, s, counts)
	})
}

// compare counts the rows by action. It refuses a file with a conflict, and a plan with a stale row.
func (in *Input) compare(ctx context.Context, f *session.Factory, s *session.Session) (plan.Counts, error) {
	items, concern := in.Items, func(row plan.Row) plan.Concern { return row.Concern }
	if in.saved != nil {
		if err := in.saved.check(ctx, f, s); err != nil {
			return plan.Counts{}, err
		}
		items, concern = in.saved.comparedItems, in.saved.stale
	}
	var counts plan.Counts
	var attention Attention
	for row, err := range in.Planner(s).Rows(ctx, in.Batch, items(ctx)) {
		if err != nil {
			return counts, err
		}
		counts.Add(row)
		if row.Concern = concern(row); row.Concern.Why != "" {
			attention.Add(row)
		}
	}
	return counts, in.refuse(f, counts, attention)
}

// refuse shows the rows that cannot be applied and returns their error.
func (in *Input) refuse(f *session.Factory, counts plan.Counts, attention Attention) error {
	name, err, show := in.Name, Refusal(counts, in.Name), f.Errorf
	if in.saved != nil {
		name, err, show = in.saved.Source.Name, nil, f.Infof
		if attention.Rows > 0 {
			err = in.saved.staleError("%s from the plan", words.Count(attention.Rows, "row differs", "rows differ"))
		}
	}
	if err == nil {
		return nil
	}
	for _, g := range attention.Groups {
		show("%s:%d: %s: %s", name, g.First.Line, g.What(), g.First.Concern.Why)
	}
	return err
}

// RequireApproval refuses an apply without approval: --yes, a saved plan, or a terminal to ask on.
func RequireApproval(ctx context.Context, f *session.Factory, path string, yes bool) error {
	if yes || path != Standard && f.CanAsk() {
		return nil
	}
	switch saved, err := plan.IsPlan(ctx, path); {
	case ctx.Err() != nil:
		return cli.Fail(ExitCode(ctx), err)
	case err == nil && saved:
		return nil
	}
	return cli.Failf(cli.ExitUsage, "apply creates HaVIPs, and there is no terminal for confirmation; pass --yes, or apply a plan that `enqueue plan FILE --out PLAN` saved")
}

// confirm asks before anything is enqueued, unless yes or a saved plan approves it.
func (in *Input) confirm(ctx context.Context, f *session.Factory, s *session.Session, counts plan.Counts, yes bool) error {
	if s.URL != "" { // else the worker and its lanes are of this process
		if err := in.forecast(ctx, f, s, counts); err != nil {
			return err
		}
	}
	f.Infof("%s", Summary(counts))
	if yes || in.saved != nil || counts.Enqueue == 0 {
		return nil
	}
	return f.Ask(ctx, fmt.Sprintf("Create %s?", words.Count(counts.Enqueue, "HaVIP", "HaVIPs")), "nothing was enqueued")
}

// forecast reports where and how fast the rows will be created, and probable mistakes.
func (in *Input) forecast(ctx context.Context, f *session.Factory, s *session.Session, counts plan.Counts) error {
	lanes, err := Forecast(ctx, s, counts, cloud.FromEnvironment(f.Getenv).ConfiguredEndpoint)
	if err != nil {
		return err
	}
	for _, l := range lanes {
		f.Infof("%s", l)
		for _, warning := range l.Warnings() {
			f.Infof("warning: %s", warning)
		}
	}
	b, err := s.Ledger.Batch(ctx, in.Batch)
	if missing := (*ledger.BatchNotFoundError)(nil); errors.As(err, &missing) {
		return nil
	}
	if err == nil && counts.Enqueue > 0 && b.Source.File != "" && filepath.Clean(b.Source.File) != filepath.Clean(in.source.File) {
		f.Infof("warning: batch %s was created from %s, and these rows would be added to it; if you do not want that, pass another --batch", shell.Quote(b.Name), shell.Quote(b.Source.File))
	}
	return err
}

// interrupted says how to continue after an error. Running the command again does not help against a duplicate, which another
// command registered since the comparison.
func (in *Input) interrupted(err error, done tally) error {
	registered := fmt.Sprintf("%s of %s registered so far", words.Number(done.total()), words.Count(in.rows, "row", "rows"))
	duplicate, archived := (*tasks.DuplicateError)(nil), (*ledger.BatchNotFoundError)(nil)
	switch {
	case errors.As(err, &archived): // by another command, since the comparison
		return err
	case !errors.As(err, &duplicate):
		return fmt.Errorf("%w; %s; run the same command again to continue", err, registered)
	case done.total() == 0:
		return fmt.Errorf("%w; it was registered a moment ago, and nothing was enqueued. %s", err, plan.DuplicateRemedy(duplicate.Duplicate))
	default:
		return fmt.Errorf("%w; it was registered a moment ago. %s: to create the rest as well, run the same command with --allow-duplicates; to create none of them, cancel them with `enqueue cancel %s`",
			err, registered, shell.Operand(in.Batch))
	}
}

// enqueue enqueues the rows that are not in the ledger, and sets the failure limit.
func (in *Input) enqueue(ctx context.Context, f *session.Factory, s *session.Session, counts plan.Counts) error {
	producer, release, err := s.Producer()
	if err != nil {
		return err
	}
	defer release()
	producer.RefuseDuplicates = !in.allowDuplicates
	if err := in.limit.Apply(ctx, s, in.Batch); err != nil {
		return err
	}
	var done tally
	bar := f.NewBar("enqueue", int64(in.rows))
	defer bar.Finish()
	err = producer.Apply(ctx, in.Batch, in.source, in.prioritized(ctx), func(answers []tasks.Comparison) {
		done.add(answers)
		bar.Set(done.total())
	})
	bar.Finish()
	if err != nil {
		return in.interrupted(err, done)
	}
	if err := in.limit.Apply(ctx, s, in.Batch); err != nil { // another producer may have created the batch meanwhile
		return err
	}
	f.Infof("batch %s: %s", in.Batch, done)
	if done.created+done.requeued == 0 {
		Ended(f.IO, in.Batch, counts)
	}
	return done.conflictError(in.Name)
}
