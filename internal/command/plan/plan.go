// Package plan is the command that shows what apply would do, and can save it for apply.
package plan

import (
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
)

type options struct {
	file           intake.Flags
	cloud          cloud.Flags
	live, detailed bool
	timeout        time.Duration
	// out is where the plan is saved; "" is nowhere. path is the file's, as given.
	out, path string
}

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Tell what apply would do, and change nothing",
		Long: `Plan reads the whole file, compares it with the batch in the ledger, and tells what
apply would do: the HaVIPs to create, where their requests go and how long they take, the
rows that need attention, and the counts last. FILE is CSV, NDJSON, JSON or YAML by its
extension; - is standard input.

A row is a duplicate if an item of another batch has the same name, subnet and address, and
has or may come to a HaVIP: the file is refused, unless --allow-duplicates.

With --live it compares with BCE as well, and needs the credentials that the workers have:
a listing of each lane in which something is to be created, a page a second, and each
subnet. It then tells of rows

  fail      whose subnet does not exist or has no address left for them, or whose address is
            outside of it or taken
  adopt     that are in doubt, and whose HaVIP exists
  warning   of whose name a HaVIP exists that belongs to no item; apply creates another, or
            adopts what another ledger created for this batch and key within a day

BCE as it stands is a forecast: apply enqueues these rows like any other.

With --out the plan is saved, with all rows and no secret, and "enqueue apply PLAN" does
exactly that, or refuses. A file with a conflict makes no plan to save.

Output (-o): json is one object: "rows", those to create; "attention", the rows that need it
(line, key, kind, why); the counts; "lanes", where and how fast; and with --live "subnets",
what each is asked for. ndjson is a line for each of these rows, as they come, and then
{"counts": …, "lanes": …, "subnets": …}. csv is these rows alone. A table shows the first 50
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
	flags.BoolVar(&opts.live, "live", false, "compare with what exists in BCE as well")
	flags.DurationVar(&opts.timeout, "timeout", 0, "give up after this time")
	flags.StringVar(&opts.out, "out", "", "save the plan under this name, for apply to carry out")
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
	in, err := intake.ReadFile(ctx, f, opts.path, opts.file)
	if err != nil {
		return plan.Counts{}, err
	}
	defer in.Close()
	s, err := f.Open(ctx)
	if err != nil {
		return plan.Counts{}, err
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
	ctx, cancel := follow.WithTimeout(ctx, opts.timeout)
	defer cancel()
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
	e := end{counts: counts}
	if planner.Survey != nil {
		e.demands = planner.Survey.Demands()
	}
	var err error
	if e.lanes, err = intake.Forecast(ctx, s, counts); err != nil {
		return counts, planError(ctx, err, opts)
	}
	return counts, out.close(e)
}
