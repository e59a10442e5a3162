// Package plan is the command that shows what apply would do, and can save it for apply.
package plan

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/cloud"
	"havip/internal/follow"
	"havip/internal/intake"
	"havip/internal/plan"
	"havip/internal/session"
	"havip/tasks"
)

type options struct {
	file           intake.Flags
	cloud          cloud.Flags
	live, detailed bool
	timeout        time.Duration
	// out is where the plan is saved; "" means it is not saved. path is the file's, as given.
	out, path string
}

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Show what apply would do, without doing it",
		Long: `Plan reads the whole file, compares it with the batch in the ledger, and shows what apply
would do: the HaVIPs to create, where and how fast, the rows that need attention, and the
counts last. FILE is CSV, NDJSON, JSON or YAML, by its extension; - is standard input.

A row is a duplicate if an item of another batch has the same name, subnet and address, and
has a HaVIP or may get one, or had one when the record of its batch was deleted. A file with
duplicates is refused, unless --allow-duplicates is given.

With --live, it also compares with BCE, and needs the credentials of the workers: it lists
each lane in which something is to be created, one page a second, and reads each subnet. It
then also reports these rows:

  fail      the subnet does not exist or has too few addresses left, or the row's address is
            outside of the subnet or taken
  adopt     the item's outcome is unknown, and its HaVIP exists
  warning   a HaVIP of this name exists that belongs to no item; apply creates another one,
            or adopts it if another ledger created it for this batch and key within a day

BCE may change until then: apply enqueues these rows like any other.

With --out, the plan is saved with all rows and without secrets, and "enqueue apply PLAN"
does exactly what it says, or refuses. A file with a conflict cannot be saved as a plan.

Output (-o): json is one object: "rows", those to create; "attention", those that need it
(line, key, kind, why); the counts; "lanes", where and how fast; and with --live "subnets",
the addresses needed and free. ndjson is one line for each of these rows, and then
{"counts": …, "lanes": …, "subnets": …}. csv has these rows only. A table shows the first 50
rows to create, and 50 reasons.`,
		Example: `  enqueue plan havips.csv
  enqueue plan havips.csv --detailed-exitcode      # 0 nothing to do, 1 error, 2 something to do
  enqueue plan havips.csv --live --out havips.plan && enqueue apply havips.plan
  enqueue plan havips.csv --live -o json | jq -e '.fail == 0'
  enqueue plan havips.csv --live -o ndjson | jq -r 'select(.kind == "fail").why'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.path = args[0]
			counts, err := run(cmd.Context(), f, opts)
			if !opts.detailed {
				return err
			}
			return detail(counts, err)
		},
	}
	opts.cloud.Define(cmd)
	flags := cmd.Flags()
	opts.file.Define(flags)
	flags.BoolVar(&opts.live, "live", false, "also compare with what exists in BCE")
	follow.DefineTimeout(flags, &opts.timeout, "give up after this time")
	flags.StringVar(&opts.out, "out", "", "save the plan in this file, for apply")
	flags.BoolVar(&opts.detailed, "detailed-exitcode", false, "exit with 0 for nothing to do, 1 for an error, 2 for something to do")
	return cmd
}

// detail is the exit status of --detailed-exitcode.
func detail(counts plan.Counts, err error) error {
	const somethingToDo cli.ExitCode = 2
	switch {
	case err != nil:
		return cli.Fail(cli.ExitItemsFailed, err)
	case counts.Enqueue > 0:
		return &cli.Error{Code: somethingToDo}
	default:
		return nil
	}
}

// run compares the file with the ledger, and with --live with BCE, and shows what apply would do.
func run(ctx context.Context, f *session.Factory, opts options) (plan.Counts, error) {
	ctx, cancel := follow.WithTimeout(ctx, opts.timeout)
	defer cancel()
	in, err := intake.ReadFile(ctx, f, opts.path, opts.file)
	if err != nil {
		return plan.Counts{}, planError(ctx, err, opts)
	}
	defer in.Close()
	s, err := f.Open(ctx)
	if err != nil {
		return plan.Counts{}, planError(ctx, err, opts)
	}
	defer s.Close()
	planner := in.Planner(s)
	if opts.live {
		planner.Survey = newSurvey(f, s, opts.cloud)
	}
	saver, err := newSaver(ctx, f, s, in, opts)
	if err != nil {
		return plan.Counts{}, err
	}
	counts, err := drawUp(ctx, f, s, planner, in, saver, opts)
	if err == nil {
		err = intake.Refusal(counts, in.Name)
	}
	if err := errors.Join(err, saver.finish(err == nil)); err != nil {
		return counts, err
	}
	return counts, showNext(ctx, f, s, in, counts, opts)
}

// drawUp makes the plan and shows it.
func drawUp(ctx context.Context, f *session.Factory, s *session.Session, planner *plan.Planner, in *intake.Input, saver *saver, opts options) (plan.Counts, error) {
	var counts plan.Counts
	out := newWriter(f.IO)
	for row, err := range planner.Rows(ctx, in.Batch, in.Items(ctx)) {
		if err != nil {
			return counts, planError(ctx, err, opts)
		}
		counts.Add(row)
		if err := saver.row(row); err != nil {
			return counts, err
		}
		if row.Concern.Kind == "" && !row.Action.Enqueues() {
			continue
		}
		if err := out.row(row); err != nil {
			return counts, err
		}
	}
	e, endpoint := end{counts: counts}, opts.cloud.Cloud(f.Getenv).ConfiguredEndpoint
	if planner.Survey != nil {
		e.demands = planner.Survey.Demands()
		configured := endpoint
		endpoint = func(ctx context.Context, l tasks.Lane) string {
			return cmp.Or(planner.Survey.Endpoint(l), configured(ctx, l))
		}
	}
	var err error
	if e.lanes, err = intake.Forecast(ctx, s, counts, endpoint); err != nil {
		return counts, planError(ctx, err, opts)
	}
	return counts, out.close(e)
}
