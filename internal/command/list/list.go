// Package list is the command that lists the batches.
package list

import (
	"context"

	"github.com/spf13/cobra"

	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/terminal"
)

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	archived := false
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the batches, newest first",
		Long: `List shows every batch in the ledger, newest first: its phase, how many of its items are in
each state, when it was created and from which file. With --archived, it shows the batches
that ` + "`enqueue archive`" + ` has moved to files, and where they are.`,
		Example: `  enqueue list
  enqueue list --json batch,phase,failed
  enqueue list --archived
  enqueue list -o ndjson | jq -r 'select(.failed > 0).batch'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return run(cmd.Context(), f, archived)
		},
	}
	terminal.DefineList(f.IO, cmd, report.BatchList())
	terminal.DefinePager(cmd)
	cmd.Flags().BoolVar(&archived, "archived", false, "list the archived batches instead, the latest first")
	return cmd
}

func run(ctx context.Context, f *session.Factory, archived bool) error {
	s, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if archived {
		return showArchived(ctx, f, s)
	}
	batches, err := s.Ledger.Batches(ctx)
	if err != nil {
		return err
	}
	if len(batches) == 0 {
		f.Infof("there are no batches yet; create one with `enqueue apply FILE`")
	}
	for _, b := range batches {
		report.Pause(f.IO, b)
	}
	return report.Batches(f.IO, batches)
}

func showArchived(ctx context.Context, f *session.Factory, s *session.Session) error {
	batches, err := s.Ledger.Archived(ctx)
	if err != nil {
		return err
	}
	if len(batches) == 0 {
		f.Infof("no batch is archived; `enqueue archive BATCH` archives one")
	}
	return report.Archived(f.IO, batches)
}
