package lane

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/lane"
	"havip/internal/report"
	"havip/internal/session"
	"havip/tasks"
)

// NewPauseCommand returns the command.
func NewPauseCommand(f *session.Factory) *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "pause LANE | --batch BATCH",
		Short: "Hold a lane or a batch back, for every worker at once",
		Long: `Pause holds a lane back until somebody resumes it: within a second no worker begins
anything new in it. Requests in flight end and are recorded. Items wait, and nothing of
the wait counts. It survives restarts of workers and of Redis, and holds for workers
that start later. ` + "`enqueue status`" + ` tells who paused what, when and why.

With --batch it holds a batch, in whatever lanes its items are: nothing of it is begun from
that moment on. What is in doubt is resolved all the same, since something of it may exist,
and what is rolled back is deleted; to stop that, pause the lane.`,
		Example: `  enqueue pause default/bj --reason 'change of the key, until 14:00'
  enqueue status
  enqueue resume default/bj
  enqueue pause --batch havips --reason 'is this the right subnet?'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.setTarget(cmd, args); err != nil {
				return err
			}
			return pause(cmd.Context(), f, opts)
		},
	}
	opts.defineTarget(cmd)
	opts.define(cmd)
	return cmd
}

// pause pauses the lane or the batch.
func pause(ctx context.Context, f *session.Factory, opts options) error {
	if opts.batch != "" {
		return changeBatch(ctx, f, opts, func(s *session.Session) error { return pauseBatch(ctx, f, s, opts) })
	}
	return changeLane(ctx, f, opts, func(s *session.Session, l tasks.Lane) error {
		pause, changed, err := lane.NewOperator(s.Redis, l.String()).Pause(ctx, opts.laneAct())
		switch {
		case err != nil:
			return err
		case !changed:
			f.Infof("lane %s is paused already, %s%s", l, report.SetBy(pause.Since, pause.By, pause.Message, time.Now()), keptReason(l, opts.reason, pause.Message))
		default:
			f.Infof("lane %s is paused: workers begin nothing new in it within a second; requests in flight end and are recorded", l)
		}
		return warnUnserved(ctx, f, s, l)
	})
}

// keptReason says, of a pause that is already set for another reason, that its reason is kept, and how to
// change it.
func keptReason(l tasks.Lane, given, standing string) string {
	if given == "" || session.ReasonText(given) == standing {
		return ""
	}
	return fmt.Sprintf("; that reason stands. To change it, `enqueue resume %s` and pause it again", l)
}

func pauseBatch(ctx context.Context, f *session.Factory, s *session.Session, opts options) error {
	changed, err := s.Ledger.Pause(ctx, opts.batch, opts.batchAct())
	if err != nil {
		return err
	}
	b, err := s.Ledger.Batch(ctx, opts.batch)
	switch {
	case err != nil:
		return err
	case changed:
		f.Infof("batch %s is paused: nothing new of it is begun; what is in flight or in doubt ends and is recorded", b.Name)
	case b.Pause != nil:
		f.Infof("%s", report.PauseText(b))
	}
	return nil
}
