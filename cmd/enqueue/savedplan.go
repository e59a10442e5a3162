package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/plan"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/ledger"
	"havip/tasks"
)

// savedPlan is a saved plan that is applied.
type savedPlan struct {
	*plan.File
	// region is the one that the command line or the environment gives; "" is none.
	region string
	// begun says that an earlier run has begun to apply it.
	begun bool
}

// readApply opens what apply is given: a saved plan, or a file of items.
func (a *app) readApply(cmd *cobra.Command, path string, flags fileFlags) (*input, error) {
	ctx := cmd.Context()
	file, err := plan.Open(ctx, path)
	switch {
	case errors.Is(err, plan.ErrNoPlan):
		return a.read(ctx, path, flags)
	case err != nil:
		return nil, cli.Fail(inputCode(ctx), err)
	}
	in := &input{
		name: render.Printable(path), batch: file.Batch, rows: file.Counts.Rows(), items: plannedItems(file, nil),
		source: ledger.Source{File: file.Source.Name, By: session.Author(), Plan: file.ID},
		saved:  &savedPlan{File: file}, close: func() { _ = file.Close() },
	}
	if cmd.Flags().Changed("region") {
		in.saved.region = a.Region
	}
	if err := in.saved.accepts(flags); err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

// accepts refuses flags that ask for something else than the plan.
func (p *savedPlan) accepts(flags fileFlags) error {
	switch {
	case flags.batch != "" && flags.batch != p.Batch:
		return cli.Failf(cli.ExitUsage, "--batch %s: the plan is for batch %s; leave it out, or %s", shell.Quote(flags.batch), shell.Quote(p.Batch), p.again())
	case flags.format != "":
		return cli.Failf(cli.ExitUsage, "--format: not with a plan, which has one of its own")
	}
	return nil
}

// plannedItems delivers the plan's rows as the producer takes them; each is told of before, if tell is
// not nil.
func plannedItems(file *plan.File, tell func(plan.Row)) func(context.Context) iter.Seq2[tasks.Row, error] {
	return func(ctx context.Context) iter.Seq2[tasks.Row, error] {
		return func(yield func(tasks.Row, error) bool) {
			for row, err := range file.Rows(ctx) {
				if err != nil {
					err = cli.Fail(inputCode(ctx), err)
				} else if tell != nil {
					tell(row)
				}
				if !yield(row.Row, err) {
					return
				}
			}
		}
	}
}

// again is how the plan is made anew.
func (p *savedPlan) again() string {
	name := p.Source.Name
	if p.Source.Path == "" {
		name = "-"
	}
	text := fmt.Sprintf("plan again with `enqueue plan %s --batch %s", shell.Quote(name), shell.Quote(p.Batch))
	text += fileOptions(p.Source.Format, p.Region)
	if p.Live {
		text += " --live"
	}
	return render.Printable(text + " --out " + shell.Quote(p.Name()) + "`")
}

// stale is the error of a plan that the world has left behind.
func (p *savedPlan) stale(format string, args ...any) error {
	return cli.Failf(cli.ExitInvalidInput, "plan %s is stale: %s; nothing was enqueued; %s", shell.Quote(p.Name()), render.Printable(fmt.Sprintf(format, args...)), p.again())
}
