package main

import (
	"time"

	"github.com/spf13/cobra"

	"havip/internal/follow"
	"havip/internal/oncomplete"
	"havip/internal/report"
	"havip/ledger"
)

func (a *app) watchCommand() *cobra.Command {
	var timeout time.Duration
	var exitStatus bool
	var completion string
	cmd := &cobra.Command{
		Use:   "watch BATCH",
		Short: "Follow a batch until it is done",
		Long: `Watch follows a batch until it is done. It only looks: ended by Ctrl-C or --timeout, it
leaves the batch running. Of a batch that its failures stopped (--max-failures) it tells
why and what to do, and exits with 1; a pause is told and waited for.

With --on-complete it then runs a command, by /bin/sh, with the batch in
HAVIP_COMPLETED_BATCH and, as JSON, on its standard input.`,
		Example: `  enqueue watch havips
  enqueue watch havips --timeout 10m --exit-status     # 0 done, 1 some failed, 8 not finished
  enqueue watch havips --on-complete 'jq .data.counts'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			then, err := oncomplete.Parse(cmd.Flags(), completion, true, false)
			if err != nil {
				return err
			}
			s, err := a.Open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			b, err := follow.Batch(cmd.Context(), a.IO, s, args[0], timeout)
			if err != nil {
				return err
			}
			if err := report.Batches(a.IO, []ledger.Batch{b}); err != nil {
				return err
			}
			var result error
			if exitStatus {
				result = report.FailedError(b)
			}
			return then.Run(cmd.Context(), a.IO, b, result)
		},
	}
	f := cmd.Flags()
	f.DurationVar(&timeout, "timeout", 0, "give up after this time, with exit code 8; the batch goes on")
	oncomplete.Define(f, &completion, "command to run when the batch is complete")
	f.BoolVar(&exitStatus, "exit-status", false, "exit with 1 if some items failed")
	return cmd
}
