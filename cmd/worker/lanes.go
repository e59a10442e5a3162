package main

import (
	"context"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/internal/cli"
	"havip/internal/region"
	"havip/internal/worker"
	"havip/tasks"
)

// configureLanes creates a client for each lane.
func configureLanes(ctx context.Context, s settings, getenv cli.Getenv) ([]worker.LaneConfig, error) {
	names, flag := s.lanes, "lane"
	if len(names) == 0 {
		names, flag = []string{tasks.Lane{Account: tasks.DefaultAccount, Region: s.region}.String()}, "region"
	}
	clients := cli.Cloud{Endpoint: s.endpoint, AllowPlainHTTP: s.allowPlainHTTP, RequestTimeout: s.requestTimeout, Getenv: getenv}
	seen := map[tasks.Lane]bool{}
	lanes := make([]worker.LaneConfig, 0, len(names))
	for _, name := range names {
		l, err := tasks.ParseLane(name)
		if err == nil {
			err = region.Check(l.Region, s.allowUnknownRegion)
		}
		if err != nil {
			return nil, cli.Blame(s.flags, cli.Fail(cli.ExitUsage, err), flag)
		}
		if seen[l] {
			return nil, cli.Blame(s.flags, cli.Failf(cli.ExitUsage, "lane %q: given twice", name), flag)
		}
		seen[l] = true
		client, err := clients.Client(ctx, l)
		if err != nil {
			return nil, err
		}
		cloud, err := worker.CloudOf(ctx, client)
		if err != nil {
			return nil, cli.Failf(cli.ExitConfig, "lane %s: %w", l, err)
		}
		lanes = append(lanes, worker.LaneConfig{Lane: l, API: client, Cloud: cloud, Simulated: simulated(client, cloud.Key), RPS: s.rps})
	}
	return lanes, nil
}

// simulated reports whether a client uses a simulator: on this machine, or elsewhere with bcesim's own key, which does not
// exist in BCE.
func simulated(client *bce.Client, key string) bool {
	return client.Loopback() || key == bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "").Fingerprint()
}
