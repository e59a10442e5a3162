// Package cloud is how commands read BCE: the flags about it, the lanes' budgets of reads, and the exit
// code of a read that failed.
package cloud

import (
	"context"
	"errors"
	"fmt"
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

// unreached is a command's patience with a BCE that it does not reach: the address is more often wrong than BCE is away.
const unreached = 5 * time.Second

// Lists reads the listing of each lane, within the budget that commands and workers share. It reports why a request is sent
// again. Each reader is for one goroutine at a time.
func Lists(t *terminal.IO, rdb redis.Cmdable) func(tasks.Lane) tasks.Reader {
	return func(l tasks.Lane) tasks.Reader {
		return reader(t, l, lane.NewListLimiter(rdb, l.String(), lane.DefaultRPS))
	}
}

// Subnets is [Lists] for the subnets of each lane, which have a budget of their own.
func Subnets(t *terminal.IO, rdb redis.Cmdable) func(tasks.Lane) tasks.Reader {
	return func(l tasks.Lane) tasks.Reader {
		return reader(t, l, lane.NewLimiter(rdb, l.String()+"/subnet", subnetsPerSecond, subnetsPerSecond))
	}
}

func reader(t *terminal.IO, l tasks.Lane, shared tasks.Rate) tasks.Reader {
	last := ""
	return tasks.Reader{
		Rate: readRate{shared, ownRate()}, Unreached: unreached,
		Retrying: func(e *bce.Error) {
			// Without message and request ID, which are different each time.
			if reason := fmt.Sprint(e.Op, e.Kind, e.StatusCode, e.Code); reason != last {
				last = reason
				t.Infof("lane %s: %v; retrying", l, e)
			}
		},
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
