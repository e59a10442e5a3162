package main

import (
	"context"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/queue"
	"havip/internal/session"
	"havip/tasks"
)

// onLane runs a command whose first argument is a lane.
func (a *app) onLane(run func(context.Context, *session.Session, tasks.Lane) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		l, err := tasks.ParseLane(args[0])
		if err != nil {
			return cli.Fail(cli.ExitUsage, err)
		}
		s, err := a.Open(cmd.Context())
		if err != nil {
			return err
		}
		defer s.Close()
		return run(cmd.Context(), s, l)
	}
}

// changeLane is onLane for a command that changes the lane.
func (a *app) changeLane(run func(context.Context, *session.Session, tasks.Lane) error) func(*cobra.Command, []string) error {
	return a.onLane(func(ctx context.Context, s *session.Session, l tasks.Lane) error {
		return a.durable.Change(ctx, a.Factory, s, durability.Lane(l), func() error { return run(ctx, s, l) })
	})
}

// warnUnserved speaks of a lane that nobody serves: its name may be misspelt.
func (a *app) warnUnserved(ctx context.Context, s *session.Session, l tasks.Lane) error {
	unserved, err := queue.Of(s.Redis, l).StaysUnserved(ctx, queue.SecondLook)
	if unserved {
		a.Infof("no worker serves lane %s at present; it holds for one that starts", l)
	}
	return err
}
