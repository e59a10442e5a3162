// Package cloud is how commands read BCE: the flags about it, the lanes' budgets of reads, and the exit
// code of a read that failed.
package cloud

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"havip/bce"
	"havip/internal/audit"
	"havip/internal/cli"
	"havip/internal/lane"
	"havip/internal/progress"
	"havip/internal/redisconn"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/tasks"
)

// subnetsPerSecond is a lane's budget of subnets read, over all processes.
const subnetsPerSecond = 5

// Flags say how BCE is reached.
type Flags struct {
	Endpoint       string
	AllowPlainHTTP bool
}

// Define defines the flags.
func (c *Flags) Define(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.Endpoint, "endpoint", "", "BCE endpoint URL instead of the region's public one")
	f.BoolVar(&c.AllowPlainHTTP, "allow-plain-http", false, "accept an http:// endpoint that is not a loopback address")
	cli.Env(f, "endpoint", endpointVariable)
}

const endpointVariable = "BCE_ENDPOINT"

// FromEnvironment makes clients for a command without these flags, as the environment and the profiles say.
func FromEnvironment(getenv cli.Getenv) cli.Cloud {
	return cli.Cloud{Endpoint: getenv(endpointVariable), Getenv: getenv}
}

// Cloud makes clients as the flags say.
func (c *Flags) Cloud(getenv cli.Getenv) cli.Cloud {
	return cli.Cloud{Endpoint: c.Endpoint, AllowPlainHTTP: c.AllowPlainHTTP, Getenv: getenv}
}

// Opener makes clients of lanes as a worker does.
func (c *Flags) Opener(getenv cli.Getenv) func(context.Context, tasks.Lane) (audit.Cloud, error) {
	cloud := c.Cloud(getenv)
	return func(ctx context.Context, l tasks.Lane) (audit.Cloud, error) {
		client, err := cloud.Client(ctx, l)
		if err != nil {
			return nil, err // not client, which would be no nil
		}
		return client, nil
	}
}

// ListRate is the budget of listings of each lane, which commands and workers share.
func ListRate(rdb redis.Cmdable) func(tasks.Lane) tasks.Rate {
	return func(l tasks.Lane) tasks.Rate { return readRate{lane.NewListLimiter(rdb, l.String()), ownRate()} }
}

// SubnetRate is the budget of subnets read of each lane, over all processes.
func SubnetRate(rdb redis.Cmdable) func(tasks.Lane) tasks.Rate {
	return func(l tasks.Lane) tasks.Rate {
		return readRate{lane.NewLimiter(rdb, l.String()+"/subnet", subnetsPerSecond, subnetsPerSecond), ownRate()}
	}
}

// readRate is a shared budget of reads. To take from it is a write: while Redis refuses writes, the command reads at a rate of
// its own, and workers of that Redis send nothing.
type readRate struct {
	shared tasks.Rate
	own    *rate.Limiter
}

// ownRate is as slow as the slowest of the shared ones.
func ownRate() *rate.Limiter { return rate.NewLimiter(1, 1) }

// Wait returns nil once a request may be sent.
func (r readRate) Wait(ctx context.Context) error {
	err := r.shared.Wait(ctx)
	if redisconn.RefusesWrites(err) {
		return r.own.Wait(ctx)
	}
	return err
}

// ExitCode is the exit code of a read of BCE that failed: refused credentials are configuration.
func ExitCode(err error) cli.ExitCode {
	if RefusesCredentials(err) {
		return cli.ExitConfig
	}
	return cli.CodeOf(err)
}

// RefusesCredentials reports whether BCE answered that it does not accept the credentials.
func RefusesCredentials(err error) bool {
	var refused *bce.Error
	return errors.As(err, &refused) && refused.Kind == bce.KindAPI &&
		(refused.StatusCode == http.StatusUnauthorized || refused.StatusCode == http.StatusForbidden || refused.Code == bce.CodeSignatureDoesNotMatch)
}

// Listing returns what tells how far a listing is, which takes a second for each thousand HaVIPs.
func Listing(t *terminal.IO) func(l tasks.Lane, n int, all bool) {
	reported := time.Now()
	return func(l tasks.Lane, n int, all bool) {
		switch {
		case all:
			t.Infof("lane %s: %s", l, words.Count(n, "HaVIP exists", "HaVIPs exist"))
		case time.Since(reported) >= progress.LineEvery:
			reported = time.Now()
			t.Infof("lane %s: %s so far", l, words.Count(n, "HaVIP", "HaVIPs"))
		}
	}
}
