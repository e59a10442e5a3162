package lane

import (
	"context"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/lane"
	"havip/internal/region"
	"havip/internal/session"
	"havip/internal/words"
	"havip/tasks"
)

// NewLimitCommand returns the command.
func NewLimitCommand(f *session.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "limit",
		Short: "Show or set the rate limit of a lane, over all workers",
		Long: `Limit shows and sets the rate limit of a lane. Workers start with a limit of their own
(worker --rps); a limit that is set here overrides it for all workers of the lane, within
two seconds and without a restart.`,
		Example: `  enqueue limit show
  enqueue limit set default/bj --rps 2 --reason 'BCE throttles us'
  enqueue limit unset default/bj`,
	}
	cmd.AddCommand(newShowCommand(f), newSetCommand(f), newUnsetCommand(f))
	return cmd
}

func newSetCommand(f *session.Factory) *cobra.Command {
	opts := options{undone: "the limit of %s was not changed"}
	cmd := &cobra.Command{
		Use:   "set LANE --rps R",
		Short: "Set a lane's rate limit, over all workers",
		Example: `  enqueue limit set default/bj --rps 0.5 --reason 'BCE throttles us'
  enqueue limit set default/bj --rps 0         # no limit`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("rps") {
				return cli.Failf(cli.ExitUsage, "--rps is missing; give a number of requests a second, or 0 for no limit")
			}
			opts.lane = args[0]
			return setLimit(cmd.Context(), f, opts)
		},
	}
	cmd.Flags().Float64Var(&opts.rps, "rps", 0, "create requests, and as many deletions, per second, over all workers; 0 means no limit (required)")
	cli.NoEnv(cmd.Flags(), "rps") // HAVIP_RPS is the workers' own limit
	region.DefineAllow(cmd.Flags(), &opts.anyRegion)
	opts.define(cmd)
	return cmd
}

func setLimit(ctx context.Context, f *session.Factory, opts options) error {
	rps := opts.rps
	if err := lane.CheckRPS(rps); err != nil {
		return cli.Failf(cli.ExitUsage, "--rps %g: %w", rps, err)
	}
	return changeLane(ctx, f, opts, func(s *session.Session, l tasks.Lane) error {
		if err := checkRegion(ctx, s, l, opts); err != nil {
			return err
		}
		if _, err := lane.NewOperator(s.Redis, l.String()).SetLimit(ctx, rps, s.LaneAct(opts.reason)); err != nil {
			return opts.notDone(err)
		}
		f.Infof("lane %s: %s over all workers, in force within two seconds; `enqueue limit unset %s` restores the workers' own limit", l, words.Rate(rps), l)
		return warnUnserved(ctx, f, s, l)
	})
}

func newUnsetCommand(f *session.Factory) *cobra.Command {
	opts := options{undone: "the limit of %s was not changed"}
	cmd := &cobra.Command{
		Use:     "unset LANE",
		Short:   "Restore the rate limit that the workers were started with",
		Example: "  enqueue limit unset default/bj",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.lane = args[0]
			return unsetLimit(cmd.Context(), f, opts)
		},
	}
	opts.define(cmd)
	return cmd
}

func unsetLimit(ctx context.Context, f *session.Factory, opts options) error {
	return changeLane(ctx, f, opts, func(s *session.Session, l tasks.Lane) error {
		changed, err := lane.NewOperator(s.Redis, l.String()).UnsetLimit(ctx, s.LaneAct(opts.reason))
		switch {
		case err != nil:
			return opts.notDone(err)
		case !changed:
			f.Infof("lane %s: no limit was set", l)
		default:
			f.Infof("lane %s: the workers' own limit is restored", l)
		}
		return nil
	})
}
