// Package results is the command that prints the result of each item of a batch.
package results

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/follow"
	"havip/internal/render"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/spelling"
	"havip/internal/terminal"
	"havip/ledger"
)

type options struct {
	follow  bool
	timeout time.Duration
	batch   string
	archive string
	filter  report.Filter
}

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "results BATCH | --archive FILE",
		Short: "Print the result of each item of a batch",
		Long: `Results prints one line per item, in the order of the file: its state, HaVIP and address,
and BCE's answer if the item failed or its outcome is unknown. It can be run at any time.

With --attempts, every request sent for an item is listed below it: number, time, class,
HTTP status, duration, worker, request ID, code and message.

An item whose data in Redis is damaged is reported on stderr, the others are shown, and the
exit code is 1.

With --follow, each item's result is printed when it is final, until the batch is done; an
item that is retried meanwhile is printed again. The exit code is then 0 if all items are
done, 1 if some failed, and 8 if --timeout ended it. Like watch, it changes nothing.

With --archive FILE, it shows the items of a batch that "enqueue archive" has moved to that
file, and needs no Redis. A file that was cut off or changed is an error after the items that
could be read, with exit code 3.

On a narrow terminal, some columns are left out and reasons are on lines of their own;
-o wide has more columns, such as subnet, attempts and request ID.`,
		Example: `  enqueue results havips
  enqueue results havips --state rejected --state review
  enqueue results havips --columns key,privateIpAddress --sort privateIpAddress
  enqueue results havips --json key,haVipId,privateIpAddress
  enqueue results havips --jq '.[].haVipId'
  enqueue results havips --follow -o ndjson | jq -r 'select(.state == "rejected").key'
  enqueue results havips --csv-safe > created.csv
  enqueue results --archive havips-20260301T120000Z.archive --attempts`,
		Args: func(cmd *cobra.Command, args []string) error {
			if opts.archive != "" {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.ExactArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if opts.archive == "" {
				opts.batch = args[0]
			}
			return run(cmd.Context(), f, opts)
		},
	}
	terminal.DefineList(f.IO, cmd, render.Results())
	terminal.DefinePager(cmd)
	cmd.Flags().StringSliceVar(&opts.filter.States, "state", nil, "only items in this state; may be repeated")
	cmd.Flags().BoolVar(&opts.filter.Attempts, "attempts", false, "show every request sent for an item")
	cmd.Flags().BoolVarP(&opts.follow, "follow", "f", false, "print each result when it is final, until the batch is done")
	follow.DefineTimeout(cmd.Flags(), &opts.timeout, "give up this long after the start of the command, with exit code 8; the batch continues")
	cli.Requires(cmd.Flags(), "timeout", "follow")
	cmd.Flags().StringVar(&opts.archive, "archive", "", "show the items of this archive instead of a batch")
	cmd.MarkFlagsMutuallyExclusive("archive", "follow")
	return cmd
}

func run(ctx context.Context, f *session.Factory, opts options) error {
	show := opts.filter
	if err := checkStates(show.States); err != nil {
		return err
	}
	show.Attempts = show.Attempts || report.FilterOf(f.IO).Attempts
	if show.Attempts && f.Format == render.CSV {
		return cli.Failf(cli.ExitUsage, "--attempts cannot be used with -o csv; use -o json or ndjson")
	}
	if opts.archive != "" {
		return report.ArchiveResults(ctx, f.IO, opts.archive, show)
	}
	if opts.follow {
		opts.filter = show
		return followResults(ctx, f, opts)
	}
	s, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	b, err := s.Batch(ctx, opts.batch)
	if err != nil {
		return err
	}
	return report.Results(ctx, f.IO, s, b.Name, show)
}

// followResults prints results when they are final.
func followResults(ctx context.Context, f *session.Factory, opts options) error {
	if err := f.CanFollow(); err != nil {
		return err
	}
	timed, cancel := follow.WithTimeout(ctx, opts.timeout)
	defer cancel()
	s, err := f.Open(timed)
	if err != nil {
		return err
	}
	defer s.Close()
	return follow.Results(ctx, timed, f.IO, s, opts.batch, opts.filter)
}

// checkStates refuses unknown states.
func checkStates(states []string) error {
	for _, state := range states {
		if !slices.Contains(ledger.States(), ledger.State(state)) {
			return cli.Failf(cli.ExitUsage, "--state %q: %s", state, spelling.OneOf(state, ledger.States()))
		}
	}
	return nil
}
