package main

import (
	"context"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/session"
	"havip/tasks"
)

// target is what pause and resume are about: a lane, as their argument, or a batch, as a flag.
type target struct{ batch string }

func (t *target) define(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.batch, "batch", "", "a batch, instead of a lane")
}

// act runs what is to be done to the lane or the batch that the command line names.
func (t *target) act(a *app, onLane func(context.Context, *session.Session, tasks.Lane) error, onBatch func(context.Context, *session.Session, string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 && !cli.Given(cmd.Flags(), "batch") {
			return a.changeLane(onLane)(cmd, args) // $HAVIP_BATCH is a producer's
		}
		if (len(args) == 1) == (t.batch != "") {
			return cli.Failf(cli.ExitUsage, "name a lane, or with --batch a batch; see `%s --help`", cmd.CommandPath())
		}
		s, err := a.Open(cmd.Context())
		if err != nil {
			return err
		}
		defer s.Close()
		return a.durable.Change(cmd.Context(), a.Factory, s, durability.Batch(t.batch), func() error {
			return session.NotFound(onBatch(cmd.Context(), s, t.batch))
		})
	}
}
