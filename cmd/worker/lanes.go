package main

import (
	"context"
	"errors"

	"github.com/rs/zerolog"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/internal/cli"
	"havip/internal/lanefile"
	"havip/internal/region"
	"havip/internal/tracing"
	"havip/internal/worker"
	"havip/tasks"
)

// chosen is the lanes that a worker is to serve.
type chosen struct {
	lanes []tasks.Lane
	// flag set them; "" if the file did: lanes without credentials are then left out.
	flag string
	file lanefile.File
}

// choose returns the lanes of --lane, or else of the file, or else the default lane. With a file, --lane names lanes of it.
func choose(ctx context.Context, s settings) (chosen, error) {
	var c chosen
	if s.config != "" {
		file, err := lanefile.Read(ctx, s.config)
		if err != nil {
			return c, cli.Blame(s.flags, cli.Fail(cli.ExitConfig, err), "config")
		}
		c.file, c.lanes = file, file.Lanes()
	}
	names := s.lanes
	switch {
	case len(names) > 0:
		c.flag, c.lanes = "lane", nil
	case s.config == "":
		c.flag, names = "region", []string{tasks.Lane{Account: tasks.DefaultAccount, Region: s.region}.String()}
	}
	for _, name := range names {
		l, err := tasks.ParseLane(name)
		if err != nil {
			return c, cli.Blame(s.flags, cli.Fail(cli.ExitUsage, err), c.flag)
		}
		if _, ok := c.file.Settings(l); !ok && s.config != "" {
			return c, cli.Blame(s.flags, cli.Failf(cli.ExitUsage, "lane %q: is not in %s", name, s.config), c.flag, "config")
		}
		c.lanes = append(c.lanes, l)
	}
	return c, c.check(s)
}

func (c chosen) check(s settings) error {
	seen := map[tasks.Lane]bool{}
	for _, l := range c.lanes {
		if err := region.Check(l.Region, s.allowUnknownRegion); err != nil {
			return cli.Blame(s.flags, cli.Fail(cli.ExitUsage, err), c.flag)
		}
		if seen[l] {
			return cli.Blame(s.flags, cli.Failf(cli.ExitUsage, "lane %q: given twice", l), c.flag)
		}
		seen[l] = true
	}
	return nil
}

// sources are the accounts of a file.
func sources(file lanefile.File) map[string]cli.AccountSource {
	all := make(map[string]cli.AccountSource, len(file.Accounts))
	for name, a := range file.Accounts {
		source := cli.AccountSource{Profile: a.Profile, File: a.File, Endpoint: a.Endpoint}
		if r := a.Role; r != nil {
			source.Role, source.By, source.STS = &bce.Role{AccountID: r.Account, Name: r.Name, Duration: r.Duration}, r.Assumer(), r.Endpoint
		}
		all[name] = source
	}
	return all
}

// configureLanes creates a client for each lane. Lanes of a file whose account has no credentials here are left out, with a
// warning: other workers may have them.
func configureLanes(ctx context.Context, s settings, getenv cli.Getenv, log zerolog.Logger, traces *tracing.Tracing) ([]worker.LaneConfig, error) {
	c, err := choose(ctx, s)
	if err != nil {
		return nil, err
	}
	clients := cli.Cloud{
		Endpoint: s.endpoint, AllowPlainHTTP: s.allowPlainHTTP, RequestTimeout: s.requestTimeout, Getenv: getenv, Accounts: sources(c.file),
	}
	providers := map[string]bce.Provider{}
	var lanes []worker.LaneConfig
	for _, l := range c.lanes {
		if providers[l.Account] == nil {
			providers[l.Account] = clients.Provider(l.Account)
		}
		clients.Credentials = providers[l.Account] // one for all regions of an account, so that a role is assumed once
		config, err := configureLane(ctx, s, clients, l, traces)
		switch {
		case err != nil && c.flag == "" && errors.Is(err, bce.ErrNoCredentials):
			log.Warn().Err(err).Stringer("lane", l).Msg("lane of the file is not served: it has no credentials here")
			continue
		case err != nil:
			return nil, err
		}
		s.apply(c.file, &config)
		lanes = append(lanes, config)
	}
	if len(lanes) == 0 {
		return nil, cli.Blame(s.flags, cli.Failf(cli.ExitConfig, "%s: no account of its lanes has credentials here", s.config), "config")
	}
	return lanes, nil
}

func configureLane(ctx context.Context, s settings, clients cli.Cloud, l tasks.Lane, traces *tracing.Tracing) (worker.LaneConfig, error) {
	var keys *worker.KeyGuard
	role := clients.Accounts[l.Account].Role
	if role == nil {
		keys = worker.NewKeyGuard(clients.Credentials)
		clients.Credentials = keys
	}
	client, err := clients.Client(ctx, l)
	if err != nil {
		return worker.LaneConfig{}, err
	}
	cloud, err := worker.CloudOf(ctx, client)
	if err != nil {
		return worker.LaneConfig{}, cli.Failf(cli.ExitConfig, "lane %s: %w", l, err)
	}
	config := worker.LaneConfig{Lane: l, API: traces.API(client), Cloud: cloud, Keys: keys, Simulated: simulated(client, cloud.Key), RPS: s.rps, Concurrency: s.concurrency}
	if role != nil {
		config.Role, config.Cloud.Key = true, role.Fingerprint()
	}
	return config, nil
}

// apply sets what the file says about a lane, unless command line or variable did.
func (s settings) apply(file lanefile.File, l *worker.LaneConfig) {
	r, _ := file.Settings(l.Lane)
	if r.RPS != nil && !s.flags.Changed("rps") {
		l.RPS = *r.RPS
	}
	if r.Concurrency > 0 && !s.flags.Changed("concurrency") {
		l.Concurrency = r.Concurrency
	}
}

// simulated reports whether a client uses a simulator: on this machine, or elsewhere with bcesim's own key, which does not
// exist in BCE.
func simulated(client *bce.Client, key string) bool {
	return client.Loopback() || key == bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "").Fingerprint()
}
