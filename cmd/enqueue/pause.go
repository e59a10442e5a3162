package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/batchpause"
	"havip/internal/lane"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/ledger"
	"havip/tasks"
)

func (a *app) pauseCommand() *cobra.Command {
	var reason string
	var of target
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
		RunE: of.act(a, func(ctx context.Context, s *session.Session, l tasks.Lane) error {
			pause, changed, err := lane.NewOperator(s.Redis, l.String()).Pause(ctx, lane.Act{By: session.Author(), Reason: session.ReasonText(reason)})
			switch {
			case err != nil:
				return err
			case !changed:
				a.Infof("lane %s is paused already, %s%s", l, report.SetBy(pause.Since, pause.By, pause.Message, time.Now()), keptReason(l, reason, pause.Message))
			default:
				a.Infof("lane %s is paused: workers begin nothing new in it within a second; requests in flight end and are recorded", l)
			}
			return a.warnUnserved(ctx, s, l)
		}, func(ctx context.Context, s *session.Session, batch string) error {
			return a.pauseBatch(ctx, s, batch, reason)
		}),
	}
	of.define(cmd)
	session.DefineReason(cmd, &reason)
	a.durable.Define(cmd)
	return cmd
}

// keptReason says of a reason that is given for what stands already that it changes nothing, and what
// would.
func keptReason(l tasks.Lane, given, standing string) string {
	if given == "" || session.ReasonText(given) == standing {
		return ""
	}
	return fmt.Sprintf("; that reason stands. To change it, `enqueue resume %s` and pause it again", l)
}

func (a *app) resumeCommand() *cobra.Command {
	var reason string
	var of target
	var limit batchpause.FailureLimit
	cmd := &cobra.Command{
		Use:   "resume LANE | --batch BATCH",
		Short: "Let a paused lane or a held batch go on",
		Long: `Resume ends a pause: within two seconds every worker goes on. What holds the lane back
besides (a wrong key, a used-up quota) stays held, and is told.

With --batch it lets a batch go on that somebody paused, or that its failures stopped
(--max-failures). Those failures are forgiven: under the limit that stands, or the one that
is given, the count begins anew. Failures that came while somebody had it paused are not.
Items that failed stay failed until ` + "`enqueue retry`" + `.`,
		Example: `  enqueue resume default/bj
  enqueue resume --batch havips --reason 'only the first rows were wrong'
  enqueue resume --batch havips --max-failures none`,
		Args: cobra.MaximumNArgs(1),
		RunE: of.act(a, func(ctx context.Context, s *session.Session, l tasks.Lane) error {
			changed, err := lane.NewOperator(s.Redis, l.String()).Resume(ctx, lane.Act{By: session.Author(), Reason: session.ReasonText(reason)})
			switch {
			case err != nil:
				return err
			case !changed:
				a.Infof("lane %s is not paused", l)
			default:
				a.Infof("lane %s goes on", l)
			}
			return report.Suspensions(ctx, a.IO, s, l)
		}, func(ctx context.Context, s *session.Session, batch string) error {
			return a.resumeBatch(ctx, s, batch, limit, reason)
		}),
	}
	of.define(cmd)
	limit.Define(cmd.Flags())
	session.DefineReason(cmd, &reason)
	a.durable.Define(cmd)
	return cmd
}

// pauseBatch holds a batch for a person.
func (a *app) pauseBatch(ctx context.Context, s *session.Session, batch, reason string) error {
	changed, err := s.Ledger.Pause(ctx, batch, ledger.Act{By: session.Author(), Reason: session.ReasonText(reason)})
	if err != nil {
		return err
	}
	b, err := s.Ledger.Batch(ctx, batch)
	switch {
	case err != nil:
		return err
	case changed:
		a.Infof("batch %s is paused: nothing new of it is begun; what is in flight or in doubt ends and is recorded", batch)
	case b.Pause != nil:
		a.Infof("%s", report.PauseText(b))
	}
	return nil
}

// resumeBatch lets a batch go on, and says so.
func (a *app) resumeBatch(ctx context.Context, s *session.Session, batch string, limit batchpause.FailureLimit, reason string) error {
	changed, err := batchpause.Resume(ctx, a.IO, s, batch, limit, reason)
	switch {
	case err != nil && !report.IsDamage(err):
		return err
	case changed:
		a.Infof("batch %s goes on; follow it with `enqueue watch %s`", batch, shell.Quote(batch))
	default:
		a.Infof("batch %s is not held", batch)
	}
	return err
}
