package main

import (
	"context"
	"math"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/lane"
	"havip/internal/session"
	"havip/internal/words"
	"havip/tasks"
)

func (a *app) limitCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "limit",
		Short: "Show or set how fast a lane creates, over the whole fleet",
		Long: `Limit shows and sets the rate of a lane. Workers are started with one (worker --rps); what
is set here goes before it, for all of them, within two seconds and without a restart.`,
		Example: `  enqueue limit show
  enqueue limit set default/bj --rps 2 --reason 'BCE throttles us'
  enqueue limit unset default/bj`,
	}
	cmd.AddCommand(a.limitShowCommand(), a.limitSetCommand(), a.limitUnsetCommand())
	return cmd
}

func (a *app) limitSetCommand() *cobra.Command {
	var rps float64
	var reason string
	cmd := &cobra.Command{
		Use:   "set LANE --rps R",
		Short: "Set a lane's rate for the whole fleet",
		Example: `  enqueue limit set default/bj --rps 0.5 --reason 'BCE throttles us'
  enqueue limit set default/bj --rps 0         # no limit`,
		Args: cobra.ExactArgs(1),
	}
	set := a.changeLane(func(ctx context.Context, s *session.Session, l tasks.Lane) error {
		if _, err := lane.NewOperator(s.Redis, l.String()).SetLimit(ctx, rps, lane.Act{By: session.Author(), Reason: session.ReasonText(reason)}); err != nil {
			return err
		}
		a.Infof("lane %s: %s over the whole fleet, in force within two seconds; `enqueue limit unset %s` goes back to the workers' own", l, words.Rate(rps), l)
		return a.warnUnserved(ctx, s, l)
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case !cli.Given(cmd.Flags(), "rps"): // what the environment sets is meant for workers
			return cli.Failf(cli.ExitUsage, "--rps is required: a number of requests a second, or 0 for no limit")
		case rps != 0 && (!(rps >= lane.MinRPS) || math.IsInf(rps, 1)):
			return cli.Failf(cli.ExitUsage, "--rps %g: must be 0 for no limit, or at least %g", rps, lane.MinRPS)
		}
		return set(cmd, args)
	}
	cmd.Flags().Float64Var(&rps, "rps", 0, "creates a second, over all workers; 0 means no limit (required)")
	session.DefineReason(cmd, &reason)
	a.durable.Define(cmd)
	return cmd
}

func (a *app) limitUnsetCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:     "unset LANE",
		Short:   "Go back to the rate that the workers were started with",
		Example: "  enqueue limit unset default/bj",
		Args:    cobra.ExactArgs(1),
		RunE: a.changeLane(func(ctx context.Context, s *session.Session, l tasks.Lane) error {
			changed, err := lane.NewOperator(s.Redis, l.String()).UnsetLimit(ctx, lane.Act{By: session.Author(), Reason: session.ReasonText(reason)})
			switch {
			case err != nil:
				return err
			case !changed:
				a.Infof("lane %s: no rate was set", l)
			default:
				a.Infof("lane %s: the rate is the workers' own again", l)
			}
			return nil
		}),
	}
	session.DefineReason(cmd, &reason)
	a.durable.Define(cmd)
	return cmd
}
