package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/batchpause"
	"havip/internal/durability"
	"havip/internal/follow"
	"havip/internal/oncomplete"
	"havip/internal/plan"
	"havip/internal/render"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/words"
	"havip/tasks"
)

// applyFlags are the flags of apply besides the file's.
type applyFlags struct {
	fileFlags
	wait, yes, allowVolatile bool
	timeout                  time.Duration
	limit                    batchpause.FailureLimit
	completion               string
	// printResults is set where a format is asked for: then results are wanted, also without --wait.
	printResults bool
}

func (a *app) applyCommand() *cobra.Command {
	var flags applyFlags
	cmd := &cobra.Command{
		Use:   "apply FILE",
		Short: "Enqueue every item of a file that is not done or under way",
		Long: `Apply checks the whole file, refuses it if any row is wrong or conflicts with the batch,
and then registers and enqueues what is missing. Killed at any moment, it is simply
run again: the same file under the same batch name never creates anything twice.

FILE may be a plan that "enqueue plan --out" saved: its rows are applied as they were
planned, and refused if the ledger, the file that they came from or a region given here
has changed since in a way that matters. Killed, it too is simply run again.

` + batchpause.LimitHelp + `

A batch that is held stays so however often it is applied; ` + "`enqueue resume --batch`" + ` lets it
go on.

With --on-complete URL a worker tells that URL when the batch has nothing left to do, at
least once, in a signed POST (see docs/RUNBOOK.md): its operator must have allowed the
host. The URL stands in Redis, so it must hold no secret. With --wait, --on-complete
takes a command as well: /bin/sh runs it here, with the batch in HAVIP_COMPLETED_BATCH
and, as JSON, on its standard input.`,
		Example: `  enqueue apply havips.csv
  enqueue plan havips.csv --out havips.plan && enqueue apply havips.plan
  enqueue apply havips.csv --batch spring --yes --wait
  enqueue apply havips.csv --max-failures 1% --wait
  enqueue apply havips.csv --on-complete https://ops.example.com/hooks/havip
  enqueue apply havips.csv --yes --wait --on-complete 'mail -s "$HAVIP_COMPLETED_BATCH is complete" ops'
  generate | enqueue apply - --format ndjson --batch generated`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			then, err := oncomplete.Parse(cmd.Flags(), flags.completion, flags.wait, true)
			if err != nil {
				return err
			}
			in, err := a.readApply(cmd, args[0], flags.fileFlags)
			if err != nil {
				return err
			}
			defer in.close()
			in.source.OnComplete = then.URL
			in.under(flags.limit)
			s, err := a.OpenDurable(cmd.Context(), flags.allowVolatile)
			if err != nil {
				return err
			}
			defer s.Close()
			if err := a.apply(cmd.Context(), s, in, a.confirmer(flags.yes, args[0])); err != nil {
				return err
			}
			flags.printResults = cmd.Flags().Changed("output")
			return a.afterApply(cmd.Context(), s, in.batch, then, flags)
		},
	}
	defineFileFlags(cmd, &flags.fileFlags)
	f := cmd.Flags()
	f.BoolVar(&flags.wait, "wait", false, "wait until the batch is done, then print its results")
	f.DurationVar(&flags.timeout, "timeout", 0, "with --wait: give up waiting after this time, with exit code 8; the batch goes on")
	flags.limit.Define(f)
	oncomplete.Define(f, &flags.completion, "URL that workers tell when the batch is complete; with --wait, a command to run instead")
	f.BoolVar(&flags.yes, "yes", false, "do not ask on a terminal")
	f.BoolVar(&flags.allowVolatile, "allow-volatile", false, "accept a Redis that forgets everything when it restarts")
	a.durable.Define(cmd)
	return cmd
}

// apply plans, asks, and enqueues.
func (a *app) apply(ctx context.Context, s *session.Session, in *input, confirm func(context.Context, plan.Counts) error) error {
	defer a.collectAt(producingGC)()
	counts, err := a.judge(ctx, s, in)
	if err != nil {
		return err
	}
	if err := confirm(ctx, counts); err != nil {
		return err
	}
	return a.durable.Change(ctx, a.Factory, s, durability.Batch(in.batch), func() error {
		if in.saved != nil && !in.saved.begun && counts.Enqueue > 0 {
			if err := in.saved.Begin(ctx, s.Ledger, session.Author(), int64(counts.Enqueue)); err != nil {
				return err
			}
		}
		return a.put(ctx, s, in, counts)
	})
}

// put enqueues the rows, under the limit of failures that is asked for.
func (a *app) put(ctx context.Context, s *session.Session, in *input, counts plan.Counts) error {
	producer, release, err := s.Producer()
	if err != nil {
		return err
	}
	defer release()
	if err := in.limit.Apply(ctx, s, in.batch); err != nil {
		return err
	}
	var done tally
	bar := a.NewBar("enqueue", 0, int64(in.rows))
	defer bar.Finish()
	err = producer.Apply(ctx, in.batch, in.source, in.items(ctx), func(answers []tasks.Comparison) {
		done.add(answers)
		bar.Set(done.total())
	})
	bar.Finish()
	if err != nil {
		return fmt.Errorf("%w; %s of %s registered so far; run the same command again to go on", err, words.Number(done.total()), words.Count(in.rows, "row", "rows"))
	}
	if err := in.limit.Apply(ctx, s, in.batch); err != nil { // another producer may just have made the batch
		return err
	}
	a.Infof("batch %s: %s", in.batch, done)
	if done.created+done.requeued == 0 {
		a.sayEnded(in.batch, counts)
	}
	return done.refusal(in.name)
}

// judge tells how the rows stand, and refuses what cannot be applied.
func (a *app) judge(ctx context.Context, s *session.Session, in *input) (plan.Counts, error) {
	if in.saved != nil {
		return a.checkSaved(ctx, s, in)
	}
	counts, attention, err := compare(ctx, s, in)
	if err != nil {
		return counts, err
	}
	err = refusal(counts, in.name)
	if err != nil {
		for _, row := range attention.rows {
			a.Errorf("%s:%d: %q: %s", in.name, row.Line, row.Item.Key, render.Printable(row.Concern.Why))
		}
	}
	return counts, err
}

// compare tells how the rows stand to the ledger.
func compare(ctx context.Context, s *session.Session, in *input) (counts plan.Counts, attention attentionList, err error) {
	planner := plan.Planner{Ledger: tasks.NewProducer(s.Ledger, nil)}
	for row, err := range planner.Rows(ctx, in.batch, in.items(ctx)) {
		if err != nil {
			return counts, attention, err
		}
		counts.Add(row)
		if row.Concern.Kind != "" {
			attention.add(row)
		}
	}
	return counts, attention, nil
}

// confirmer asks on a terminal before anything is enqueued, unless told not to or the input
// itself is what a terminal would answer with.
func (a *app) confirmer(yes bool, path string) func(context.Context, plan.Counts) error {
	return func(ctx context.Context, counts plan.Counts) error {
		a.Infof("%s", planLine(counts))
		if yes || counts.Enqueue == 0 || path == "-" || !a.CanAsk() {
			return nil
		}
		return a.Ask(ctx, "Enqueue them?", "nothing was enqueued")
	}
}

// afterApply waits for the batch, or tells how to go on.
func (a *app) afterApply(ctx context.Context, s *session.Session, batch string, then oncomplete.Action, flags applyFlags) error {
	if then.URL != "" {
		if err := report.Undelivered(a.IO, s); err != nil {
			return err
		}
	}
	switch {
	case flags.wait:
		return a.finish(ctx, s, batch, flags.timeout, then)
	case flags.printResults:
		return report.Results(ctx, a.IO, s, batch, report.Filter{})
	}
	b, err := s.Ledger.Batch(ctx, batch)
	if err != nil {
		return err
	}
	report.Pause(a.IO, b)
	a.Infof("follow it with `enqueue watch %s`; see results with `enqueue results %s`", shell.Quote(batch), shell.Quote(batch))
	return nil
}

// finish waits for the batch, prints its results, and does what is to be done then; failures make the
// exit code.
func (a *app) finish(ctx context.Context, s *session.Session, batch string, timeout time.Duration, then oncomplete.Action) error {
	b, err := follow.Batch(ctx, a.IO, s, batch, timeout)
	if err != nil {
		return err
	}
	damaged := report.Results(ctx, a.IO, s, batch, report.Filter{})
	if damaged != nil && !report.IsDamage(damaged) {
		return damaged
	}
	return then.Run(ctx, a.IO, b, cmp.Or(report.FailedError(b), damaged))
}
