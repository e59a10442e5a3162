package plan

import (
	"context"
	"errors"

	"havip/bce"
	"havip/internal/cli"
	"havip/internal/cloud"
	"havip/internal/plan"
	"havip/internal/redisconn"
	"havip/internal/session"
	"havip/tasks"
)

// newSurvey reads BCE as verify does.
func newSurvey(f *session.Factory, s *session.Session, flags cloud.Flags) *plan.Survey {
	return &plan.Survey{
		Open: func(ctx context.Context, l tasks.Lane) (plan.Cloud, error) {
			client, err := flags.Cloud(f.Getenv).Client(ctx, l)
			if err != nil {
				return nil, err // not client: a nil pointer in an interface is not nil
			}
			return client, nil
		},
		Owners: s.Ledger, Lists: cloud.Lists(f.IO, s.Redis), Subnets: cloud.Subnets(f.IO, s.Redis), Listing: cloud.Listing(f.IO),
	}
}

// planError says what to do about a plan that could not be made.
func planError(ctx context.Context, err error, opts options) error {
	var ofRedis *redisconn.ConnError
	switch {
	case errors.As(err, &ofRedis):
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return cli.Failf(cli.ExitNetwork, "the comparison was not finished within %s; pass a longer --timeout, or check with `enqueue doctor` whether BCE answers", opts.timeout)
	case !opts.live:
		return err
	case cli.IsNoCredentials(err):
		return cli.Failf(cli.ExitConfig, "%w; plan needs them only with --live", err)
	case cloud.RefusesCredentials(err):
		return cli.Failf(cli.ExitConfig, "%w; `enqueue doctor` examines the lane's credentials; plan needs them only with --live", err)
	case isUnreached(err):
		return cli.Failf(cli.ExitNetwork, "%w; check --endpoint or BCE_ENDPOINT, and the network; plan needs BCE only with --live", err)
	default:
		return err
	}
}

func isUnreached(err error) bool {
	var failed *bce.Error
	return errors.As(err, &failed) && tasks.Unreached(failed)
}
