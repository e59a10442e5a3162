package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/lane"
	"havip/internal/queue"
	"havip/tasks"
)

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

// changeLane is onLane for a command that changes the lane.
func (a *app) changeLane(run func(context.Context, *session, tasks.Lane) error) func(*cobra.Command, []string) error {
	return a.onLane(func(ctx context.Context, s *session, l tasks.Lane) error {
		return a.durably(ctx, s, laneSubject(l), func() error { return run(ctx, s, l) })
	})
}

// lanes lists the lanes that have a queue, and those that a person has done something to, by name.
func (s *session) lanes(ctx context.Context) ([]tasks.Lane, error) {
	names, err := lane.KnownLanes(ctx, s.rdb)
	if err != nil {
		return nil, err
	}
	queues, err := queue.Lanes(ctx, s.rdb)
	if err != nil {
		return nil, err
	}
	for _, l := range queues {
		names = append(names, l.String())
	}
	slices.Sort(names)
	var lanes []tasks.Lane
	for _, name := range slices.Compact(names) {
		if l, err := tasks.ParseLane(name); err == nil {
			lanes = append(lanes, l)
		}
	}
	return lanes, nil
}

// warnUnserved speaks of a lane that nobody serves: its name may be misspelt.
func (a *app) warnUnserved(ctx context.Context, s *session, l tasks.Lane) error {
	unserved, err := queue.Of(s.rdb, l).StaysUnserved(ctx, queue.SecondLook)
	if unserved {
		a.say("no worker serves lane %s at present; it holds for one that starts", l)
	}
	return err
}
