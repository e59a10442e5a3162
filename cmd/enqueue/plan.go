package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/cloud"
	"havip/internal/follow"
	"havip/internal/plan"
	"havip/internal/words"
	"havip/tasks"
)

// planFlags are the flags of plan.
type planFlags struct {
	fileFlags
	cloud          cloud.Flags
	live, detailed bool
	timeout        time.Duration
	// out is where the plan is saved; "" is nowhere. path is the file's, as given.
	out, path string
}

func (a *app) planCommand() *cobra.Command {
	var flags planFlags
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Tell what apply would do, and change nothing",
		Long: `Plan reads the whole file, compares it with the batch in the ledger, and tells what
apply would do: a line of counts, then the rows that need attention. FILE is CSV,
NDJSON, JSON or YAML by its extension; - is standard input.

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

Output (-o): json is one object: the counts, "attention", the rows that need it (line, key,
kind, why), and with --live "subnets", what each is asked for. ndjson is a line a row that
needs attention, as they come, and then {"counts": …, "subnets": …}. csv is these rows, and
no counts. A table shows the first 50 of them.`,
		Example: `  enqueue plan havips.csv
  enqueue plan havips.csv --detailed-exitcode      # 0 nothing to do, 1 error, 2 something to do
  enqueue plan havips.csv --live --out havips.plan && enqueue apply havips.plan
  enqueue plan havips.csv --live -o json | jq -e '.fail == 0'
  enqueue plan havips.csv --live -o ndjson | jq -r 'select(.kind == "fail").why'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.path = args[0]
			counts, err := a.plan(cmd.Context(), flags)
			if !flags.detailed {
				return err
			}
			return detail(counts, err)
		},
	}
	defineFileFlags(cmd, &flags.fileFlags)
	flags.cloud.Define(cmd)
	f := cmd.Flags()
	f.BoolVar(&flags.live, "live", false, "compare with what exists in BCE as well")
	f.DurationVar(&flags.timeout, "timeout", 0, "give up after this time")
	f.StringVar(&flags.out, "out", "", "save the plan under this name, for apply to carry out")
	f.BoolVar(&flags.detailed, "detailed-exitcode", false, "exit with 0 for nothing to do, 1 for an error, 2 for something to do")
	return cmd
}

func defineFileFlags(cmd *cobra.Command, flags *fileFlags) {
	cmd.Flags().StringVar(&flags.batch, "batch", "", "name of the batch (default: the file's base name without extension)")
	cmd.Flags().StringVar(&flags.format, "format", "", "format of the file: csv, ndjson, json or yaml (default: by its extension)")
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

func (a *app) plan(ctx context.Context, flags planFlags) (plan.Counts, error) {
	in, err := a.read(ctx, flags.path, flags.fileFlags)
	if err != nil {
		return plan.Counts{}, err
	}
	defer in.close()
	s, err := a.Open(ctx)
	if err != nil {
		return plan.Counts{}, err
	}
	defer s.Close()
	planner := &plan.Planner{Ledger: tasks.NewProducer(s.Ledger, nil), Items: s.Ledger}
	if flags.live {
		planner.Survey = a.survey(s, flags.cloud)
	}
	saver, err := a.newPlanSaver(ctx, s, in, flags)
	if err != nil {
		return plan.Counts{}, err
	}
	counts, err := a.drawUp(ctx, planner, in, saver, flags)
	if err == nil {
		err = refusal(counts, in.name)
	}
	if err := errors.Join(err, saver.finish(err == nil)); err != nil {
		return counts, err
	}
	return counts, a.afterPlan(ctx, s, in, counts, a.nextCommand(in, flags))
}

// drawUp makes the plan and shows it.
func (a *app) drawUp(ctx context.Context, planner *plan.Planner, in *input, saver *planSaver, flags planFlags) (plan.Counts, error) {
	ctx, cancel := follow.WithTimeout(ctx, flags.timeout)
	defer cancel()
	var counts plan.Counts
	out := a.newPlanWriter()
	for row, err := range planner.Rows(ctx, in.batch, in.items(ctx)) {
		if err != nil {
			return counts, planError(ctx, err, flags)
		}
		counts.Add(row)
		if err := saver.row(row); err != nil {
			return counts, err
		}
		if row.Concern.Kind == "" {
			continue
		}
		if err := out.row(row); err != nil {
			return counts, err
		}
	}
	var demands []plan.Demand
	if planner.Survey != nil {
		demands = planner.Survey.Demands()
	}
	return counts, out.close(counts, demands)
}

// refusal is why a file cannot be applied, if it cannot.
func refusal(counts plan.Counts, file string) error {
	if counts.Conflicts == 0 {
		return nil
	}
	return cli.Failf(cli.ExitInvalidInput,
		"%s: %s with what the batch holds; nothing was enqueued. Give a changed item a key of its own, or put the file in another batch with --batch",
		file, words.Count(counts.Conflicts, "row conflicts", "rows conflict"))
}
