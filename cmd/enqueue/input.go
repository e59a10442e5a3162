package main

import (
	"context"
	"iter"
	"slices"

	"havip/internal/batchpause"
	"havip/internal/cli"
	"havip/internal/manifest"
	"havip/internal/plan"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/spelling"
	"havip/internal/words"
	"havip/ledger"
	"havip/tasks"
)

// input is checked rows, and the batch that they stand for.
type input struct {
	// name is where they come from, for people.
	name  string
	batch string
	rows  int
	// items delivers the rows; it may be called again.
	items func(context.Context) iter.Seq2[tasks.Row, error]
	// source names them and their user in the ledger.
	source ledger.Source
	// file is the file of items, and saved the plan that they come from instead.
	file  *manifest.File
	hash  string
	saved *savedPlan
	close func()
	// limit is how many items may fail, where that was asked for.
	limit batchpause.FailureLimit
}

// fileFlags are the flags of every command that reads a file.
type fileFlags struct{ batch, format string }

// read opens and checks a file. Every fault is shown, and then nothing further happens.
func (a *app) read(ctx context.Context, path string, flags fileFlags) (*input, error) {
	if flags.format != "" && !slices.Contains(manifest.Formats(), manifest.Format(flags.format)) {
		return nil, cli.Failf(cli.ExitUsage, "--format %q: %s", flags.format, spelling.OneOf(flags.format, manifest.Formats()))
	}
	if is, err := plan.IsPlan(path); err == nil && is {
		return nil, cli.Failf(cli.ExitUsage, "%s is a plan, and no file of items; `enqueue apply %s` carries it out", render.Printable(path), shell.Quote(path))
	}
	file, err := manifest.Open(ctx, path, manifest.Options{
		Format: manifest.Format(flags.format), DefaultRegion: a.Region, Stdin: a.In,
	})
	if err != nil {
		return nil, cli.Fail(inputCode(ctx), err)
	}
	in := &input{name: file.Name(), batch: flags.batch, file: file, close: func() { _ = file.Close() }}
	if err := a.check(ctx, in); err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

func (a *app) check(ctx context.Context, in *input) error {
	if in.batch == "" {
		in.batch = in.file.BatchName()
	}
	if in.batch == "" {
		return cli.Failf(cli.ExitUsage, "input from %s has no name to call the batch by: pass --batch NAME", in.file.Name())
	}
	if rule := tasks.ValidateBatch(in.batch); rule != "" {
		return cli.Failf(cli.ExitUsage, "batch %q: %s; pass --batch NAME", in.batch, rule)
	}
	defer a.collectAt(checkingGC)()
	report, err := in.file.Check(ctx)
	if err != nil {
		return cli.Fail(inputCode(ctx), err)
	}
	in.rows, in.hash = report.Rows, report.Hash
	in.items, in.source = itemsOf(in.file), ledger.Source{File: in.name, By: session.Author()}
	if report.FaultCount == 0 {
		return nil
	}
	for _, fault := range report.Faults {
		a.Errorf("%s", fault)
	}
	if more := report.FaultCount - len(report.Faults); more > 0 {
		a.Errorf("… and %s more", words.Count(more, "fault", "faults"))
	}
	found := words.Count(report.FaultCount, "fault", "faults")
	if report.Rows > 0 {
		found += " in " + words.Count(report.Rows, "row", "rows")
	}
	return cli.Failf(cli.ExitInvalidInput, "%s: %s; nothing was enqueued", in.file.Name(), found)
}

// inputFormats are the formats of files, as --format takes them.
func inputFormats() []string {
	var names []string
	for _, format := range manifest.Formats() {
		names = append(names, string(format))
	}
	return names
}

// inputCode is the exit code of input that could not be read at all.
func inputCode(ctx context.Context) cli.ExitCode {
	if ctx.Err() != nil {
		return cli.ExitInterrupted
	}
	return cli.ExitInvalidInput
}

// itemsOf are the file's rows, as the producer takes them.
func itemsOf(file *manifest.File) func(context.Context) iter.Seq2[tasks.Row, error] {
	return func(ctx context.Context) iter.Seq2[tasks.Row, error] {
		return func(yield func(tasks.Row, error) bool) {
			for row, err := range file.Rows(ctx) {
				if err != nil {
					err = cli.Fail(inputCode(ctx), err)
				}
				if !yield(tasks.Row{Line: row.Line, Item: row.Item}, err) {
					return
				}
			}
		}
	}
}

// under sets how many items may fail.
func (in *input) under(limit batchpause.FailureLimit) {
	in.limit = limit
	limit.Source(&in.source)
}
