// Package workers is the command that lists the workers and the lanes that they serve.
package workers

import (
	"context"

	"github.com/spf13/cobra"

	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/terminal"
)

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "workers",
		Short: "List the workers, and the lanes that each serves",
		Long: `Workers lists every worker, with one line for each lane that it serves: since when, in which
version, where it sends requests, with which access key (a fingerprint), and when it last sent
a heartbeat. A worker that stops is removed from the list at once. A killed worker stays until
another one declares it dead, about ten seconds later; without another, it is shown as not
heard from.

-o wide adds the host and how many items each worker has in flight at once.`,
		Example: `  enqueue workers
  enqueue workers -o wide --sort lane
  enqueue workers --jq '.[] | select(.silent).worker'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return run(cmd.Context(), f)
		},
	}
	terminal.DefineList(f.IO, cmd, list())
	return cmd
}

func run(ctx context.Context, f *session.Factory) error {
	s, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	lanes, err := report.Workers(ctx, s)
	if err != nil {
		return err
	}
	rows := make([]row, len(lanes))
	for i, l := range lanes {
		rows[i] = row{l}
	}
	switch {
	case len(rows) > 0:
	case s.StateDir != "":
		f.Infof("no worker serves this store; `enqueue run FILE` starts one")
	default:
		f.Infof("no workers; start one with `worker --lane ACCOUNT/REGION`")
	}
	return terminal.Print(f.IO, list(), rows)
}
