package lane

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/durability"
	"havip/internal/lane"
	"havip/internal/region"
	"havip/internal/report"
	"havip/internal/session"
	"havip/tasks"
)

// NewPauseCommand returns the command.
func NewPauseCommand(f *session.Factory) *cobra.Command {
	opts := options{durable: durability.Verifier{Stops: true}, undone: "%s was not paused"}
	cmd := &cobra.Command{
		Use:   "pause LANE | --batch BATCH",
		Short: "Pause a lane or a batch, for all workers",
		Long: `Pause stops a lane until it is resumed: within a second, no worker starts anything new in
it. Requests in flight finish and are recorded. Items wait, and no attempts are counted.
The pause survives restarts of workers and of Redis, and applies to workers that start
later. ` + "`enqueue status`" + ` shows who paused what, when and why.

With --batch, it pauses a batch in all its lanes: no further item is started. Items of
unknown outcome are still resolved, because their HaVIPs may exist, and a rollback still
deletes HaVIPs; to stop that too, pause the lane.

If Redis may lose data (it evicts keys, or writes nothing to disk), pause only warns that the
pause may be lost as well.`,
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
	region.DefineAllow(cmd.Flags(), &opts.anyRegion)
	opts.define(cmd)
	return cmd
}

// pause pauses the lane or the batch.
func pause(ctx context.Context, f *session.Factory, opts options) error {
	if opts.batch != "" {
		return changeBatch(ctx, f, opts, func(s *session.Session) error { return pauseBatch(ctx, f, s, opts) })
	}
	return changeLane(ctx, f, opts, func(s *session.Session, l tasks.Lane) error {
		if err := checkRegion(ctx, s, l, opts); err != nil {
			return err
		}
		pause, changed, err := lane.NewOperator(s.Redis, l.String()).Pause(ctx, s.LaneAct(opts.reason))
		switch {
		case err != nil:
			return opts.notDone(err)
		case !changed:
			f.Infof("lane %s was already paused %s%s", l, report.SetBy(pause.Since, pause.By, pause.Message, time.Now()), keptReason(l, opts.reason, pause.Message))
		default:
			f.Infof("lane %s is paused: within a second, workers start nothing new in it; requests in flight finish and are recorded", l)
		}
		return warnUnserved(ctx, f, s, l)
	})
}

// keptReason says that the reason of an existing pause is kept, and how to change it, if another one is given.
func keptReason(l tasks.Lane, given, current string) string {
	if given == "" || session.ReasonText(given) == current {
		return ""
	}
	return fmt.Sprintf("; its reason was not changed. To change it, run `enqueue resume %s` and pause the lane again", l)
}

func pauseBatch(ctx context.Context, f *session.Factory, s *session.Session, opts options) error {
	changed, err := s.Ledger.Pause(ctx, opts.batch, s.BatchAct(opts.reason))
	if err != nil {
		return opts.notDone(err)
	}
	b, err := s.Ledger.Batch(ctx, opts.batch)
	switch {
	case err != nil:
		return err
	case changed:
		f.Infof("batch %s is paused: none of its items are started; requests in flight and unknown outcomes are still resolved", b.Name)
	case b.Pause != nil:
		f.Infof("%s", report.PauseText(b))
	}
	return nil
}
