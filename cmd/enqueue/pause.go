package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/lane"
	"havip/tasks"
)

func (a *app) pauseCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "pause LANE",
		Short: "Hold a lane back, for every worker at once",
		Long: `Pause holds a lane back until somebody resumes it: within a second no worker begins
anything new in it. Requests in flight end and are recorded. Items wait, and nothing of
the wait counts. It survives restarts of workers and of Redis, and holds for workers
that start later. ` + "`enqueue status`" + ` tells who paused what, when and why.`,
		Example: `  enqueue pause default/bj --reason 'change of the key, until 14:00'
  enqueue status
  enqueue resume default/bj`,
		Args: cobra.ExactArgs(1),
		RunE: a.onLane(func(ctx context.Context, s *session, l tasks.Lane) error {
			pause, changed, err := lane.NewOperator(s.rdb, l.String()).Pause(ctx, lane.Act{By: author(), Reason: reasonText(reason)})
			switch {
			case err != nil:
				return err
			case !changed:
				a.say("lane %s is paused already, %s", l, setBy(pause.Since, pause.By, pause.Message, time.Now()))
			default:
				a.say("lane %s is paused: workers begin nothing new in it within a second; requests in flight end and are recorded", l)
			}
			return a.warnUnserved(s, l)
		}),
	}
	defineReason(cmd, &reason)
	return cmd
}

func (a *app) resumeCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "resume LANE",
		Short: "Let a paused lane go on",
		Long: `Resume ends a pause: within two seconds every worker goes on. What holds the lane back
besides (a wrong key, a used-up quota) stays held, and is told.`,
		Example: "  enqueue resume default/bj",
		Args:    cobra.ExactArgs(1),
		RunE: a.onLane(func(ctx context.Context, s *session, l tasks.Lane) error {
			changed, err := lane.NewOperator(s.rdb, l.String()).Resume(ctx, lane.Act{By: author(), Reason: reasonText(reason)})
			switch {
			case err != nil:
				return err
			case !changed:
				a.say("lane %s is not paused", l)
			default:
				a.say("lane %s goes on", l)
			}
			return a.sayLaneHolds(ctx, s, l)
		}),
	}
	defineReason(cmd, &reason)
	return cmd
}

func defineReason(cmd *cobra.Command, reason *string) {
	cmd.Flags().StringVar(reason, "reason", "", "why, for the log and for whoever asks")
}

// onLane runs a command whose first argument is a lane.
func (a *app) onLane(run func(context.Context, *session, tasks.Lane) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		l, err := tasks.ParseLane(args[0])
		if err != nil {
			return cli.Fail(cli.ExitUsage, err)
		}
		s, err := a.open(cmd.Context())
		if err != nil {
			return err
		}
		defer s.close()
		return run(cmd.Context(), s, l)
	}
}

// warnUnserved speaks of a lane that nobody serves: its name may be misspelt.
func (a *app) warnUnserved(s *session, l tasks.Lane) error {
	served, err := isServed(s, l)
	if err == nil && !served {
		a.say("no worker serves lane %s at present; it holds for one that starts", l)
	}
	return err
}
