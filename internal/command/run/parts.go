package run

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/internal/cli"
	"havip/internal/intake"
	"havip/internal/redisconn"
	"havip/internal/session"
	"havip/internal/spool"
	"havip/internal/standalone"
	"havip/internal/tracing"
	"havip/internal/worker"
	"havip/tasks"
)

// lanesOf returns the lanes of the file's items, in the file's order.
func lanesOf(ctx context.Context, in *intake.Input) ([]tasks.Lane, error) {
	var lanes []tasks.Lane
	seen := map[tasks.Lane]bool{}
	for row, err := range in.Items(ctx) {
		if err != nil {
			return nil, cli.Fail(intake.ExitCode(ctx), err)
		}
		l := tasks.Lane{Account: row.Item.Account, Region: row.Item.Region}
		if !seen[l] {
			seen[l] = true
			lanes = append(lanes, l)
		}
	}
	return lanes, nil
}

func serveLanes(ctx context.Context, cloud cli.Cloud, lanes []tasks.Lane, opts options, traces *tracing.Tracing) ([]worker.LaneConfig, error) {
	rps := opts.rps
	if opts.sandbox && !opts.rpsGiven {
		rps = 0
	}
	served := make([]worker.LaneConfig, len(lanes))
	for i, l := range lanes {
		guarded := cloud
		if guarded.Credentials == nil {
			guarded.Credentials = cloud.Provider(l.Account)
		}
		keys := worker.NewKeyGuard(guarded.Credentials)
		guarded.Credentials = keys
		client, err := guarded.Client(ctx, l)
		if err != nil {
			if cli.IsNoCredentials(err) {
				err = cli.Failf(cli.ExitConfig, "%w; or use --sandbox, which needs none", err)
			}
			return nil, err
		}
		asked, err := worker.CloudOf(ctx, client)
		if err != nil {
			return nil, cli.Failf(cli.ExitConfig, "lane %s: %w", l, err)
		}
		served[i] = worker.LaneConfig{Lane: l, API: traces.API(client), Cloud: asked, Keys: keys, Simulated: client.Loopback(), RPS: rps}
	}
	return served, nil
}

// openCloud returns BCE, or with --sandbox a simulator on a loopback port of this process.
func openCloud(ctx context.Context, getenv cli.Getenv, opts options) (cli.Cloud, func(), error) {
	public := opts.cloud.Cloud(getenv)
	public.RequestTimeout = opts.requestTimeout
	if !opts.sandbox {
		if opts.faults != "" {
			return public, nil, cli.Failf(cli.ExitUsage, "--faults can be used only with --sandbox")
		}
		return public, func() {}, nil
	}
	faults, err := bcesim.ParseFaults(opts.faults)
	if err != nil {
		return public, nil, cli.Failf(cli.ExitUsage, "--faults: %w", err)
	}
	sim := bcesim.New(bcesim.Options{Faults: faults, CallLog: 1})
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return public, nil, fmt.Errorf("sandbox: %w", err)
	}
	server := &http.Server{Handler: sim, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Close
	sandboxed := cli.Cloud{
		Endpoint: "http://" + listener.Addr().String(), RequestTimeout: opts.requestTimeout, Getenv: getenv,
		Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
	}
	return sandboxed, func() { sim.Close(); _ = server.Close() }, nil
}

// openStore opens the given Redis, or starts a redis-server over a directory. A sandbox always has a store in memory, even
// if the environment sets a Redis.
func openStore(ctx context.Context, f *session.Factory, opts options) (*session.Session, error) {
	pool := redisconn.PoolSize(opts.concurrency*2 + 10)
	switch {
	case opts.sandbox:
		store, err := standalone.InProcess(ctx, pool)
		if err != nil {
			return nil, cli.Fail(cli.ExitConfig, err)
		}
		return session.New(store.Client(), func() { _ = store.Close() }), nil
	case f.RedisGiven:
		return opts.durable.Open(ctx, f)
	}
	dir := f.StateDir
	if dir == "" {
		var err error
		if dir, err = cli.StateDir(f.Getenv); err != nil {
			return nil, err
		}
	}
	f.Infof("store: redis-server over %s", dir)
	return f.OpenOwn(ctx, dir, pool)
}

// openSpool opens the spool for outcomes while Redis is unavailable; a simulation needs none.
func openSpool(f *session.Factory, opts options, log zerolog.Logger) (*spool.Spool, error) {
	if opts.sandbox {
		return nil, nil //nolint:nilnil // no spool is a way to work
	}
	return cli.OpenSpool("", f.Getenv, log)
}
