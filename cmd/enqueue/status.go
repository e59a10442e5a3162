package main

import (
	"context"

	"github.com/spf13/cobra"

	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/ledger"
)

func (a *app) statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status [BATCH]",
		Short: "Tell how a batch stands, or every unfinished one",
		Long: `Status reads counters: it costs the same for a batch of ten items and of a million.
Without a batch it shows those that are not done. What holds a lane back, and what somebody
has set for it, is told on stderr.`,
		Example: `  enqueue status
  enqueue status havips -o json
  enqueue status havips --json phase,open`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.Open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			if err := report.Lanes(cmd.Context(), a.IO, s); err != nil {
				return err
			}
			if len(args) == 1 {
				return a.showBatch(cmd.Context(), s, args[0])
			}
			return a.showUnfinished(cmd.Context(), s)
		},
	}
	terminal.DefineFields[report.Batch](a.IO, cmd)
	return cmd
}

func (a *app) showBatch(ctx context.Context, s *session.Session, name string) error {
	b, err := s.Ledger.Batch(ctx, name)
	if err != nil {
		return session.NotFound(err)
	}
	report.Incomplete(a.IO, b)
	report.Pause(a.IO, b)
	if err := report.Notifications(a.IO, s, []ledger.Batch{b}); err != nil {
		return err
	}
	return report.Batches(a.IO, []ledger.Batch{b})
}

// showUnfinished tells also what finished batches owe.
func (a *app) showUnfinished(ctx context.Context, s *session.Session) error {
	batches, err := s.Ledger.Batches(ctx)
	if err != nil {
		return err
	}
	var unfinished []ledger.Batch
	for _, b := range batches {
		if !b.Done() {
			report.Incomplete(a.IO, b)
			report.Pause(a.IO, b)
			unfinished = append(unfinished, b)
		}
	}
	if err := report.Notifications(a.IO, s, batches); err != nil {
		return err
	}
	if len(unfinished) == 0 {
		a.Infof("nothing under way; %s known, see `enqueue list`", words.Count(len(batches), "batch is", "batches are"))
	}
	return report.Batches(a.IO, unfinished)
}

func (a *app) listCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the batches, newest first",
		Long: `List shows every batch that the ledger knows, newest first: how far it is, how many items
stand in each state, when it was made and from which file.`,
		Example: `  enqueue list
  enqueue list --json batch,phase,failed
  enqueue list -o ndjson | jq -r 'select(.failed > 0).batch'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.Open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			batches, err := s.Ledger.Batches(cmd.Context())
			if err != nil {
				return err
			}
			if len(batches) == 0 {
				a.Infof("no batches yet; make one with `enqueue apply FILE`")
			}
			for _, b := range batches {
				report.Pause(a.IO, b)
			}
			return report.Batches(a.IO, batches)
		},
	}
	terminal.DefineFields[report.Batch](a.IO, cmd)
	return cmd
}
