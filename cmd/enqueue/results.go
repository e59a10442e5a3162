package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/tasks"
)

// attemptLog is the field that --attempts fills.
const attemptLog = "attemptLog"

// resultsFlags choose what is shown of a batch's items.
type resultsFlags struct {
	states   []string
	attempts bool
}

func (a *app) resultsCommand() *cobra.Command {
	var flags resultsFlags
	cmd := &cobra.Command{
		Use:   "results BATCH",
		Short: "Print what became of each item of a batch",
		Long: `Results prints an item a line, in the order of the file: its state, its HaVIP and address,
and where it failed or is in doubt, what BCE said. It may be read at any time, and as
often as wanted.

With --attempts, every request sent for an item stands below it: number, time, what it
proved, HTTP status, how long it took, worker, request ID, and code and message.

An item whose data in Redis is damaged is named on stderr with what is wrong, the others are
shown, and the exit code is 1.

A narrow terminal leaves columns out, and puts reasons onto lines of their own.`,
		Example: `  enqueue results havips
  enqueue results havips --state rejected --state review
  enqueue results havips --json key,haVipId,privateIpAddress
  enqueue results havips -o ndjson | jq -r .haVipId
  enqueue results havips --csv-safe > created.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkStates(flags.states); err != nil {
				return err
			}
			flags.attempts = flags.attempts || slices.Contains(a.Fields, attemptLog)
			if flags.attempts && a.Format == render.CSV {
				return cli.Failf(cli.ExitUsage, "--attempts: a CSV record has no room for a log; use -o json or ndjson")
			}
			s, err := a.Open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			if _, err := s.Ledger.Batch(cmd.Context(), args[0]); err != nil {
				return session.NotFound(err)
			}
			return a.printResults(cmd.Context(), s, args[0], flags)
		},
	}
	terminal.DefineFields[render.Result](a.IO, cmd)
	cmd.Flags().StringSliceVar(&flags.states, "state", nil, "only items in this state; may be repeated")
	cmd.Flags().BoolVar(&flags.attempts, "attempts", false, "with the log of every request sent")
	return cmd
}

// printResults streams a batch's items in the output's format.
func (a *app) printResults(ctx context.Context, s *session.Session, batch string, flags resultsFlags) error {
	out := terminal.Writer(a.IO, render.Results())
	shown := 0
	var damaged damage
	for item, err := range s.Ledger.Items(ctx, batch) {
		if damaged.skip(err) {
			continue
		}
		if err != nil {
			return err
		}
		if len(flags.states) > 0 && !slices.Contains(flags.states, string(item.Record.State)) {
			continue
		}
		result, err := tasks.ResultOf(item)
		if damaged.skip(err) {
			continue
		}
		if err != nil {
			return err
		}
		if flags.attempts {
			attempts, err := s.Ledger.Attempts(ctx, item)
			if err != nil && !damaged.skip(err) {
				return err
			}
			result = result.WithLog(attempts)
		}
		if err := out.Write(result); err != nil {
			return fmt.Errorf("write results: %w", err)
		}
		shown++
	}
	if shown == 0 && damaged.n == 0 {
		a.Infof("%s", nothingOf(batch, flags.states))
	}
	if err := out.Close(); err != nil {
		return err
	}
	return damaged.err(a, batch, "the others are shown")
}

// nothingOf says why there are no results.
func nothingOf(batch string, states []string) string {
	if len(states) > 0 {
		return fmt.Sprintf("no item of batch %s is in state %s; `enqueue status %s` counts them", batch, strings.Join(states, " or "), shell.Quote(batch))
	}
	return fmt.Sprintf("batch %s has no items", batch)
}
