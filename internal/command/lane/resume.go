package lane

import (
	"context"

	"github.com/spf13/cobra"

	"havip/internal/batchpause"
	"havip/internal/cli"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/tasks"
)

// NewResumeCommand returns the command.
func NewResumeCommand(f *session.Factory) *cobra.Command {
	opts := options{undone: "%s was not resumed"}
	cmd := &cobra.Command{
		Use:   "resume LANE | --batch BATCH",
		Short: "Resume a paused lane or batch",
		Long: `Resume ends the pause of a lane: within two seconds, all workers continue. If the lane is
also suspended for an error of BCE's (a wrong key, a used-up quota), it stays suspended, and
the command says so. A queue that was paused with asynqmon or asynq's command line is
resumed as well.

With --batch, it resumes a batch that a user or too many failures (--max-failures) paused.
Failures that paused the batch are forgiven: they no longer count towards the limit, nor
towards a new one given here. Failures during a user's pause do count. Failed items stay
failed until ` + "`enqueue retry`" + `.`,
		Example: `  enqueue resume default/bj
  enqueue resume --batch havips --reason 'only the first rows were wrong'
  enqueue resume --batch havips --max-failures none`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.setTarget(cmd, args); err != nil {
				return err
			}
			return resume(cmd.Context(), f, opts)
		},
	}
	opts.defineTarget(cmd)
	opts.limit.Define(cmd.Flags())
	opts.define(cmd)
	return cmd
}

// resume resumes the lane or the batch.
func resume(ctx context.Context, f *session.Factory, opts options) error {
	if opts.batch != "" {
		return changeBatch(ctx, f, opts, func(s *session.Session) error { return resumeBatch(ctx, f, s, opts) })
	}
	return changeLane(ctx, f, opts, func(s *session.Session, l tasks.Lane) error {
		changed, unpaused, err := s.ResumeLane(ctx, l, opts.reason)
		switch {
		case err != nil && !changed:
			return opts.notDone(err)
		case changed:
			f.Infof("lane %s is resumed", l)
		}
		switch {
		case err != nil:
			return err
		case unpaused:
			f.Infof("asynq's queue of lane %s was paused; it is resumed", l)
		case !changed:
			f.Infof("lane %s is not paused", l)
		}
		return report.Suspensions(ctx, f.IO, s, l)
	})
}

func resumeBatch(ctx context.Context, f *session.Factory, s *session.Session, opts options) error {
	changed, err := batchpause.Resume(ctx, f.IO, s, opts.batch, opts.limit, opts.reason)
	switch {
	case err != nil && !changed && !report.IsDamage(err):
		return opts.notDone(err)
	case err != nil && !report.IsDamage(err):
		return cli.NotDone(err, "batch %s is resumed, but not all of its tasks are enqueued", opts.batch)
	case changed:
		f.Infof("batch %s is resumed; follow it with `enqueue watch %s`", opts.batch, shell.Operand(opts.batch))
		b, err := s.Batch(ctx, opts.batch)
		if err != nil {
			return err
		}
		f.CarryOn(s, b)
	default:
		f.Infof("batch %s is not paused", opts.batch)
	}
	return err
}
