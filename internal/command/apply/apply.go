// Package apply is the command that enqueues the items of a file, or of a saved plan.
package apply

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/batchpause"
	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/follow"
	"havip/internal/intake"
	"havip/internal/oncomplete"
	"havip/internal/render"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/tasks"
)

type options struct {
	// path is the file's or plan's. regionGiven is whether --region is given. show is whether a flag about results is given:
	// then they are printed even without --wait.
	path              string
	file              intake.Flags
	regionGiven, show bool
	wait, yes         bool
	timeout           time.Duration
	limit             batchpause.FailureLimit
	priority          tasks.Priority
	then              oncomplete.Action
	durable           durability.Verifier
}

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	var opts options
	var completion string
	cmd := &cobra.Command{
		Use:   "apply FILE",
		Short: "Enqueue the items of a file that are not in the batch yet",
		Long: `Apply checks the whole file, refuses it if any row is invalid or conflicts with the batch,
and then registers and enqueues the missing items. It may be killed at any moment and run
again: the same file under the same batch name never creates anything twice.

FILE may be a plan that "enqueue plan --out" saved. Its rows are applied as planned, or
refused if the ledger, the original file or the given region has changed since in a way
that matters.

With --wait, -o or a flag about results, such as --columns or --jq, it prints the batch's
results at the end.

` + batchpause.LimitHelp + `

Applying the file again does not resume a paused batch; ` + "`enqueue resume --batch`" + ` does.

With --on-complete URL, a worker notifies that URL when the batch is complete, at least
once, with a signed POST (see docs/RUNBOOK.md). The workers must be allowed to call its
host. The URL is stored in Redis, so it must contain no secret. With --wait, --on-complete
also takes a command: /bin/sh runs it here, with the batch in HAVIP_COMPLETED_BATCH and,
as JSON, on its standard input.`,
		Example: `  enqueue apply havips.csv
  enqueue plan havips.csv --out havips.plan && enqueue apply havips.plan
  enqueue apply havips.csv --batch spring --yes --wait
  enqueue apply havips.csv --yes --wait --jq '.[] | "\(.name) \(.privateIpAddress)"'
  enqueue apply havips.csv --max-failures 1% --wait
  enqueue apply havips.csv --on-complete https://ops.example.com/hooks/havip
  enqueue apply havips.csv --yes --wait --on-complete 'mail -s "$HAVIP_COMPLETED_BATCH is complete" ops'
  generate | enqueue apply - --format ndjson --batch generated --yes`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if opts.then, err = oncomplete.Parse(cmd.Flags(), completion, opts.wait, true); err != nil {
				return err
			}
			opts.path = args[0]
			if !opts.wait {
				opts.timeout = 0
			}
			if err := intake.RequireApproval(cmd.Context(), f, opts.path, opts.yes); err != nil {
				return err
			}
			opts.regionGiven = cmd.Flags().Changed("region")
			opts.show = cmd.Flags().Changed("output") || terminal.ListFlagGiven(cmd)
			return run(cmd.Context(), f, opts)
		},
	}
	terminal.DefineList(f.IO, cmd, render.Results())
	flags := cmd.Flags()
	opts.file.Define(flags)
	flags.BoolVar(&opts.wait, "wait", false, "wait until the batch is done, then print its results")
	follow.DefineTimeout(flags, &opts.timeout, "give up this long after the start of the command, with exit code 8, or 5 if Redis never answered; the batch continues")
	cli.Requires(flags, "timeout", "wait")
	opts.limit.Define(flags)
	session.DefinePriority(flags, &opts.priority)
	oncomplete.Define(flags, &completion, "URL that workers notify when the batch is complete; with --wait, a command to run instead")
	flags.BoolVar(&opts.yes, "yes", false, "do not ask for confirmation; required without a terminal, unless a saved plan is applied")
	opts.durable.Define(cmd)
	return cmd
}

// run applies the file or plan, and then waits for the batch or says how to follow it.
func run(ctx context.Context, f *session.Factory, opts options) error {
	timed, cancel := follow.WithTimeout(ctx, opts.timeout)
	defer cancel()
	in, err := intake.Read(timed, f, opts.path, opts.file, opts.regionGiven)
	if err != nil {
		return follow.TimeoutError(timed, err)
	}
	defer in.Close()
	in.OnComplete(opts.then.URL)
	in.LimitFailures(opts.limit)
	in.Prioritize(opts.priority)
	s, err := opts.durable.Open(timed, f)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := intake.Apply(timed, f, s, in, opts.durable, opts.yes); err != nil {
		return follow.TimeoutError(timed, err)
	}
	if opts.then.URL != "" {
		if err := report.Undelivered(ctx, f.IO, s); err != nil {
			return err
		}
	}
	switch {
	case opts.wait:
		return finish(ctx, timed, f, s, in.Batch, opts)
	case opts.show:
		return report.Results(ctx, f.IO, s, in.Batch, report.FilterOf(f.IO))
	}
	b, err := s.Ledger.Batch(ctx, in.Batch)
	if err != nil {
		return err
	}
	report.Pause(f.IO, b)
	f.Infof("follow it with `enqueue watch %s`; see results with `enqueue results %s`", shell.Operand(b.Name), shell.Operand(b.Name))
	f.CarryOn(s, b)
	return nil
}

// finish waits for the batch until timed ends, prints its results, and runs the command of --on-complete. Failed items are an
// error.
func finish(ctx, timed context.Context, f *session.Factory, s *session.Session, batch string, opts options) error {
	b, err := follow.Batch(timed, f.IO, s, batch)
	if err != nil {
		return err
	}
	damaged := report.Results(ctx, f.IO, s, batch, report.FilterOf(f.IO))
	if damaged != nil && !report.IsDamage(damaged) {
		return damaged
	}
	return opts.then.Run(ctx, f.IO, b, cmp.Or(report.FailedError(b), damaged))
}
