// Package status is the command that shows the state of a batch, or of all unfinished ones.
package status

import (
	"context"

	"github.com/spf13/cobra"

	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/ledger"
)

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status [BATCH]",
		Short: "Show the state of a batch, or of all unfinished ones",
		Long: `Status shows how many of a batch's items are done and in which states they are, and when the
batch ends. Created items that BCE has not shown yet are not confirmed, and not done.
Without BATCH, it shows all unfinished batches. It reads only counters, so a large batch
costs no more than a small one. Pauses, suspensions and rate limits of lanes are reported
on stderr.

The rate is how many items finished per second within the last half minute. It leaves out
the first second, in which a lane that was idle sends a burst. The lane's limit is of
requests: items that need none, such as adopted ones, may finish faster.`,
		Example: `  enqueue status
  enqueue status havips -o json
  enqueue status havips --json phase,open`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			batch := ""
			if len(args) == 1 {
				batch = args[0]
			}
			return run(cmd.Context(), f, batch)
		},
	}
	terminal.DefineList(f.IO, cmd, report.StatusList())
	return cmd
}

// run shows the named batch, or every unfinished one without a name.
func run(ctx context.Context, f *session.Factory, batch string) error {
	s, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := report.Lanes(ctx, f.IO, s); err != nil {
		return err
	}
	if batch == "" {
		return showUnfinished(ctx, f.IO, s)
	}
	b, err := s.Batch(ctx, batch)
	if err != nil {
		return err
	}
	report.Incomplete(f.IO, b)
	report.Pause(f.IO, b)
	if err := report.Notifications(ctx, f.IO, s, []ledger.Batch{b}); err != nil {
		return err
	}
	return report.Status(ctx, f.IO, s, []ledger.Batch{b})
}

// showUnfinished also reports the notifications of finished batches.
func showUnfinished(ctx context.Context, t *terminal.IO, s *session.Session) error {
	batches, err := s.Ledger.Batches(ctx)
	if err != nil {
		return err
	}
	var unfinished []ledger.Batch
	for _, b := range batches {
		if !b.Done() {
			report.Incomplete(t, b)
			report.Pause(t, b)
			unfinished = append(unfinished, b)
		}
	}
	if err := report.Notifications(ctx, t, s, batches); err != nil {
		return err
	}
	if len(unfinished) == 0 {
		t.Infof("no unfinished batches; %s known, see `enqueue list`", words.Count(len(batches), "batch is", "batches are"))
	}
	return report.Status(ctx, t, s, unfinished)
}
