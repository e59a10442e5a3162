package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"havip/bce"
	"havip/internal/audit"
	"havip/internal/cli"
	"havip/internal/lane"
	"havip/internal/progress"
	"havip/internal/words"
	"havip/tasks"
)

// A lane's budgets of reads, over the fleet. That of listings is one with the workers': Baidu's own driver
// lists once a second.
const (
	listsPerSecond   = 1
	subnetsPerSecond = 5
)

// cloudFlags say how BCE is reached.
type cloudFlags struct {
	endpoint       string
	allowPlainHTTP bool
}

func defineCloudFlags(cmd *cobra.Command, flags *cloudFlags) {
	f := cmd.Flags()
	f.StringVar(&flags.endpoint, "endpoint", "", "BCE endpoint URL instead of the region's public one")
	f.BoolVar(&flags.allowPlainHTTP, "allow-plain-http", false, "accept an http:// endpoint that is not a loopback address")
	cli.Env(f, "endpoint", "BCE_ENDPOINT")
}

// cloudOf makes clients as the flags say.
func (a *app) cloudOf(flags cloudFlags) cli.Cloud {
	return cli.Cloud{Endpoint: flags.endpoint, AllowPlainHTTP: flags.allowPlainHTTP, Getenv: a.Getenv}
}

// opener makes clients of lanes as a worker does.
func (a *app) opener(flags cloudFlags) func(context.Context, tasks.Lane) (audit.Cloud, error) {
	cloud := a.cloudOf(flags)
	return func(ctx context.Context, l tasks.Lane) (audit.Cloud, error) {
		client, err := cloud.Client(ctx, l)
		if err != nil {
			return nil, err // not client, which would be no nil
		}
		return client, nil
	}
}

// listRate is the lanes' budget of listings over the fleet.
func listRate(rdb redis.UniversalClient) func(tasks.Lane) tasks.Rate {
	return func(l tasks.Lane) tasks.Rate { return lane.NewLimiter(rdb, l.String()+"/list", listsPerSecond, 1) }
}

// subnetRate is the lanes' budget of subnets read, over the fleet.
func subnetRate(rdb redis.UniversalClient) func(tasks.Lane) tasks.Rate {
	return func(l tasks.Lane) tasks.Rate {
		return lane.NewLimiter(rdb, l.String()+"/subnet", subnetsPerSecond, subnetsPerSecond)
	}
}

// cloudCode is the exit code of a read of BCE that failed: refused credentials are configuration.
func cloudCode(err error) cli.ExitCode {
	var refused *bce.Error
	if errors.As(err, &refused) && refused.Kind == bce.KindAPI {
		switch {
		case refused.StatusCode == http.StatusUnauthorized, refused.StatusCode == http.StatusForbidden,
			refused.Code == bce.CodeSignatureDoesNotMatch:
			return cli.ExitConfig
		}
	}
	return cli.CodeOf(err)
}

// listing tells how far a listing is, which takes a second for each thousand HaVIPs.
func (a *app) listing() func(tasks.Lane, int, bool) {
	said := time.Now()
	return func(l tasks.Lane, n int, all bool) {
		switch {
		case all:
			a.Infof("lane %s: %s", l, words.Count(n, "HaVIP exists", "HaVIPs exist"))
		case time.Since(said) >= progress.LineEvery:
			said = time.Now()
			a.Infof("lane %s: %s so far", l, words.Count(n, "HaVIP", "HaVIPs"))
		}
	}
}
