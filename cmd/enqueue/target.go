package main

import (
	"context"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/tasks"
)

// target is what pause and resume are about: a lane, as their argument, or a batch, as a flag.
type target struct{ batch string }

func (t *target) define(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.batch, "batch", "", "a batch, instead of a lane")
}

// act runs what is to be done to the lane or the batch that the command line names.
func (t *target) act(a *app, onLane func(context.Context, *session, tasks.Lane) error, onBatch func(context.Context, *session, string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 && !cli.Given(cmd.Flags(), "batch") {
			return a.changeLane(onLane)(cmd, args) // $HAVIP_BATCH is a producer's
		}
		if (len(args) == 1) == (t.batch != "") {
			return cli.Failf(cli.ExitUsage, "name a lane, or with --batch a batch; see `%s --help`", cmd.CommandPath())
		}
		s, err := a.open(cmd.Context())
		if err != nil {
			return err
		}
		defer s.close()
		return a.durably(cmd.Context(), s, batchSubject(t.batch), func() error {
			return notFound(onBatch(cmd.Context(), s, t.batch))
		})
	}
}
