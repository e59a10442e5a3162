// Package watch is the command that follows a batch until it is done.
package watch

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/follow"
	"havip/internal/oncomplete"
	"havip/internal/report"
	"havip/internal/session"
	"havip/ledger"
)

type options struct {
	batch      string
	timeout    time.Duration
	exitStatus bool
	then       oncomplete.Action
}

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	var opts options
	var completion string
	cmd := &cobra.Command{
		Use:   "watch BATCH",
		Short: "Follow a batch until it is done",
		Long: `Watch shows the progress of a batch until it is done. It changes nothing: when Ctrl-C or
--timeout ends it, the batch continues. If too many failures pause the batch
(--max-failures), it says why and what to do, and exits with 1; if a user pauses it, watch
says so and waits.

With --on-complete, /bin/sh then runs a command, with the batch in HAVIP_COMPLETED_BATCH
and, as JSON, on its standard input.`,
		Example: `  enqueue watch havips
  enqueue watch havips --timeout 10m --exit-status     # 0 done, 1 some failed, 8 not finished
  enqueue watch havips --on-complete 'jq .data.counts'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if opts.then, err = oncomplete.Parse(cmd.Flags(), completion, true, false); err != nil {
				return err
			}
			opts.batch = args[0]
			return run(cmd.Context(), f, opts)
		},
	}
	flags := cmd.Flags()
	follow.DefineTimeout(flags, &opts.timeout, "give up this long after the start of the command, with exit code 8, or 5 if Redis never answered; the batch continues")
	oncomplete.Define(flags, &completion, "command to run when the batch is complete")
	flags.BoolVar(&opts.exitStatus, "exit-status", false, "exit with 1 if some items failed")
	return cmd
}

func run(ctx context.Context, f *session.Factory, opts options) error {
	timed, cancel := follow.WithTimeout(ctx, opts.timeout)
	defer cancel()
	s, err := f.Open(timed)
	if err != nil {
		return err
	}
	defer s.Close()
	b, err := follow.Batch(timed, f.IO, s, opts.batch)
	if err != nil {
		return err
	}
	if err := report.Batches(f.IO, []ledger.Batch{b}); err != nil {
		return err
	}
	var result error
	if opts.exitStatus {
		result = report.FailedError(b)
	}
	return opts.then.Run(ctx, f.IO, b, result)
}
