// Package intake reads a batch: it checks a file of items or a saved plan, compares the rows with the ledger,
// asks for confirmation, and enqueues what is missing.
package intake

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/spf13/pflag"

	"havip/internal/batchpause"
	"havip/internal/cli"
	"havip/internal/manifest"
	"havip/internal/plan"
	"havip/internal/region"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/spelling"
	"havip/internal/words"
	"havip/ledger"
	"havip/tasks"
)

// Input is checked rows, and the batch that they belong to.
type Input struct {
	// Name is their source, for messages.
	Name  string
	Batch string
	// Items yields the rows; it may be called again.
	Items func(context.Context) iter.Seq2[tasks.Row, error]
	// File is the file of items, and Hash the hash of its content. A saved plan has neither.
	File *manifest.File
	Hash string

	rows            int
	allowDuplicates bool
	// source is recorded in the ledger: the rows' source and user.
	source ledger.Source
	saved  *savedPlan
	limit  batchpause.FailureLimit
	// priority is that of the new items.
	priority tasks.Priority
	close    func() error
}

// Standard is the path of standard input.
const Standard = manifest.Standard

// Planner returns a planner that compares the rows with the ledger.
func (in *Input) Planner(s *session.Session) *plan.Planner {
	return &plan.Planner{Ledger: tasks.NewComparer(s.Ledger), Items: s.Ledger, AllowDuplicates: in.allowDuplicates}
}

// Close closes the file or the plan.
func (in *Input) Close() { _ = in.close() }

// OnComplete sets the URL that workers notify when the batch is complete; "" means none.
func (in *Input) OnComplete(url string) { in.source.OnComplete = url }

// LimitFailures sets how many items may fail, if a limit is given.
func (in *Input) LimitFailures(limit batchpause.FailureLimit) {
	in.limit = limit
	limit.Source(&in.source)
}

// Prioritize sets the priority of the new items.
func (in *Input) Prioritize(p tasks.Priority) { in.priority = p }

// prioritized yields the rows with their priority.
func (in *Input) prioritized(ctx context.Context) iter.Seq2[tasks.Row, error] {
	return func(yield func(tasks.Row, error) bool) {
		for row, err := range in.Items(ctx) {
			row.Item.Priority = in.priority
			if !yield(row, err) {
				return
			}
		}
	}
}

// Flags are the flags of every command that reads a file.
type Flags struct {
	Batch, Format string
	// AllowDuplicates allows rows whose request another item has already.
	AllowDuplicates bool
	// AllowUnknownRegion accepts regions that Baidu does not document for HaVIPs.
	AllowUnknownRegion bool
}

// Define defines the flags.
func (flags *Flags) Define(f *pflag.FlagSet) {
	f.StringVar(&flags.Batch, "batch", "", "name of the batch (default: the file's base name without extension)")
	f.BoolVar(&flags.AllowDuplicates, "allow-duplicates", false, "create rows even if an item of another or a deleted batch has the same name, subnet and address")
	region.DefineAllow(f, &flags.AllowUnknownRegion)
	f.StringVar(&flags.Format, "format", "", "format of the file: csv, ndjson, json or yaml (default: by its extension)")
}

// ReadFile opens and checks a file of items. If it has faults, ReadFile shows all and returns an error.
func ReadFile(ctx context.Context, f *session.Factory, path string, flags Flags) (*Input, error) {
	if flags.Format != "" && !slices.Contains(manifest.Formats(), manifest.Format(flags.Format)) {
		return nil, cli.Failf(cli.ExitUsage, "--format %q: %s", flags.Format, spelling.OneOf(flags.Format, manifest.Formats()))
	}
	if err := f.CheckRegion(flags.AllowUnknownRegion); err != nil {
		return nil, err
	}
	if is, err := plan.IsPlan(ctx, path); err == nil && is {
		return nil, cli.Failf(cli.ExitUsage, "%s is a saved plan, not a file of items; to apply it, run `enqueue apply %s`", render.Printable(path), shell.Operand(path))
	}
	file, err := manifest.Open(ctx, path, manifest.Options{
		Format: manifest.Format(flags.Format), DefaultRegion: f.Region, Stdin: f.In, AllowUnknownRegion: flags.AllowUnknownRegion,
	})
	if err != nil {
		return nil, cli.Fail(openCode(ctx, err), err)
	}
	in := &Input{
		Name: file.Name(), Batch: flags.Batch, File: file,
		allowDuplicates: flags.AllowDuplicates, close: file.Close,
	}
	if err := in.check(ctx, f); err != nil {
		in.Close()
		return nil, err
	}
	return in, nil
}

func (in *Input) check(ctx context.Context, f *session.Factory) error {
	if in.Batch == "" {
		in.Batch = in.File.BatchName()
	}
	if in.Batch == "" {
		return cli.Failf(cli.ExitUsage, "input from %s has no name for the batch; pass --batch NAME", in.File.Name())
	}
	if rule := tasks.ValidateBatch(in.Batch); rule != "" {
		return cli.Failf(cli.ExitUsage, "batch %q: %s; pass --batch NAME", in.Batch, rule)
	}
	defer collectAt(f.Getenv, checkingGC)()
	report, err := in.File.Check(ctx)
	if err != nil {
		return cli.Fail(ExitCode(ctx), err)
	}
	in.rows, in.Hash = report.Rows, report.Hash
	in.Items, in.source = itemsOf(in.File), ledger.Source{File: in.Name, By: session.Author()}
	if report.FaultCount == 0 {
		return nil
	}
	for _, fault := range report.Faults {
		f.Errorf("%s", fault)
	}
	if more := report.FaultCount - len(report.Faults); more > 0 {
		f.Errorf("… and %s", words.Count(more, "more fault", "more faults"))
	}
	found := words.Count(report.FaultCount, "fault", "faults")
	if report.Rows > 0 {
		found += " (" + words.Count(report.Rows, "row", "rows") + " checked)" // a row may have several, a file may have others
	}
	return cli.Failf(cli.ExitInvalidInput, "%s: %s; nothing was enqueued", in.File.Name(), found)
}

// Formats returns the values of --format.
func Formats() []string {
	var names []string
	for _, format := range manifest.Formats() {
		names = append(names, string(format))
	}
	return names
}

// openCode returns the exit code for input that cannot be opened; a problem with the temporary directory is a configuration
// error.
func openCode(ctx context.Context, err error) cli.ExitCode {
	if temp := (*manifest.TempDirError)(nil); errors.As(err, &temp) && ctx.Err() == nil {
		return cli.ExitConfig
	}
	return ExitCode(ctx)
}

// ExitCode returns the exit code for unreadable input.
func ExitCode(ctx context.Context) cli.ExitCode {
	if ctx.Err() != nil {
		return cli.ExitInterrupted
	}
	return cli.ExitInvalidInput
}

// itemsOf yields the file's rows for the producer.
func itemsOf(file *manifest.File) func(context.Context) iter.Seq2[tasks.Row, error] {
	return func(ctx context.Context) iter.Seq2[tasks.Row, error] {
		return func(yield func(tasks.Row, error) bool) {
			for row, err := range file.Rows(ctx) {
				if err != nil {
					err = cli.Fail(ExitCode(ctx), err)
				}
				if !yield(tasks.Row{Line: row.Line, Item: row.Item}, err) {
					return
				}
			}
		}
	}
}
