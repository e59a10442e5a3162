package intake

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"havip/internal/cli"
	"havip/internal/plan"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/ledger"
	"havip/tasks"
)

// savedPlan is a saved plan that is being applied.
type savedPlan struct {
	*plan.File
	// region is set by the command line or the environment, else "".
	region string
	// begun is whether an earlier run started to apply it.
	begun bool
	// planned are the rows that were read but not compared yet, in order.
	planned []plan.Row
}

// Read opens a saved plan, or a file of items like [ReadFile]. RegionGiven is whether the command line or the
// environment sets the region.
func Read(ctx context.Context, f *session.Factory, path string, flags Flags, regionGiven bool) (*Input, error) {
	file, err := plan.Open(ctx, path)
	switch {
	case errors.Is(err, plan.ErrNoPlan):
		return ReadFile(ctx, f, path, flags)
	case err != nil:
		return nil, cli.Fail(ExitCode(ctx), err)
	}
	saved := &savedPlan{File: file}
	in := &Input{
		Name: render.Printable(path), Batch: file.Batch, Items: saved.items, rows: file.Counts.Rows(),
		source: ledger.Source{File: file.Source.Name, By: session.Author(), Plan: file.ID},
		saved:  saved, close: file.Close, allowDuplicates: file.AllowDuplicates || flags.AllowDuplicates,
	}
	if regionGiven {
		saved.region = f.Region
	}
	if err := saved.accepts(flags); err != nil {
		in.Close()
		return nil, err
	}
	return in, nil
}

// accepts refuses flags that contradict the plan.
func (p *savedPlan) accepts(flags Flags) error {
	switch {
	case flags.Batch != "" && flags.Batch != p.Batch:
		return cli.Failf(cli.ExitUsage, "--batch %s: the plan is for batch %s; omit --batch, or %s", shell.Quote(flags.Batch), shell.Quote(p.Batch), p.again())
	case flags.Format != "":
		return cli.Failf(cli.ExitUsage, "--format cannot be used with a plan, which has its own format")
	}
	return nil
}

// items yields the plan's rows for the producer.
func (p *savedPlan) items(ctx context.Context) iter.Seq2[tasks.Row, error] {
	return p.rows(ctx, func(plan.Row) {})
}

// comparedItems is items that also queues each planned row for [savedPlan.stale].
func (p *savedPlan) comparedItems(ctx context.Context) iter.Seq2[tasks.Row, error] {
	p.planned = nil
	return p.rows(ctx, func(row plan.Row) { p.planned = append(p.planned, row) })
}

func (p *savedPlan) rows(ctx context.Context, read func(plan.Row)) iter.Seq2[tasks.Row, error] {
	return func(yield func(tasks.Row, error) bool) {
		for row, err := range p.Rows(ctx) {
			if err != nil {
				err = cli.Fail(ExitCode(ctx), err)
			} else {
				read(row)
			}
			if !yield(row.Row, err) {
				return
			}
		}
	}
}

// stale returns the next row's concern: why it is stale.
func (p *savedPlan) stale(now plan.Row) plan.Concern {
	planned := p.planned[0]
	p.planned = p.planned[1:]
	return plan.Concern{Why: plan.Stale(planned, now, p.begun)}
}

// again returns the advice to make the plan again.
func (p *savedPlan) again() string {
	name := p.Source.Name
	if p.Source.Path == "" {
		name = "-"
	}
	options := FileOptions(Flags{
		Batch: p.Batch, Format: p.Source.Format, AllowDuplicates: p.AllowDuplicates, AllowUnknownRegion: p.AllowUnknownRegion,
	}, p.Region)
	if p.Live {
		options = append(options, "--live")
	}
	options = append(options, "--out", shell.Quote(p.Name()))
	return render.Printable("plan again with `enqueue plan " + shell.Operand(name, options...) + "`")
}

// staleError refuses a plan that no longer matches the ledger, its file or the flags.
func (p *savedPlan) staleError(format string, args ...any) error {
	return cli.Failf(cli.ExitInvalidInput, "plan %s is stale: %s; nothing was enqueued; %s", shell.Quote(p.Name()), render.Printable(fmt.Sprintf(format, args...)), p.again())
}
