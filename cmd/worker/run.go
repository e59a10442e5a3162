package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/console"
	"havip/internal/metrics"
	"havip/internal/redisconn"
	"havip/internal/render"
	"havip/internal/telemetry"
	"havip/internal/version"
	"havip/internal/worker"
)

// run is the program: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, getenv cli.Getenv) int {
	ctx, release := cli.OnSignal(ctx)
	defer release()
	cmd := newCommand(stderr, getenv)
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	executed, err := cmd.ExecuteContextC(ctx)
	if executed == cmd { // not healthcheck, which has no result then
		err = orSignal(ctx, err)
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "worker: %s\n", render.Printable(err.Error()))
	}
	return int(cli.CodeOf(err))
}

func newCommand(stderr io.Writer, getenv cli.Getenv) *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Run the tasks that create HaVIPs",
		Long: `Worker takes create-HaVIP tasks from the queues of its lanes, makes the signed API calls,
and records every outcome in the ledger. Any number of workers may share a Redis; the
rate limit of a lane applies to all of them together.

Credentials: BCE_ACCESS_KEY_ID and BCE_SECRET_ACCESS_KEY, or the current profile of
~/.bce/config.json. An account other than "default" uses the profile of its name. A
profile's region and endpoint are used if neither flag nor variable is set. A file (--config)
may give accounts other credentials, and each lane its own rate; see worker config.

When it starts, it logs the endpoint of each lane and a fingerprint of its access key, and
lists the lane once to check the key. If BCE refuses the key, the lane is suspended; if BCE
does not answer, the worker starts nevertheless.

If a batch was applied with --on-complete URL, a worker notifies that URL when the batch is
complete. For that, it needs HAVIP_WEBHOOK_SECRET (whsec_ and base64; several, separated by
spaces, while secrets are rotated) and the URL's host as --webhook-host. It calls no other
host, because any producer can put a URL into Redis.

--listen serves a console: a web page with batches, items, lanes and workers, and the actions on
them. Without tokens (--console-token-file) and without a proxy that authenticates users
(--console-user-header), it answers only on this machine, and all of its users may act.

SIGTERM, SIGINT and SIGHUP drain: nothing new starts, and requests in flight finish and are
recorded. A second SIGTERM or SIGINT ends the process at once; that is safe, but recovery
takes longer. Under nohup, SIGHUP is ignored. Work continues if the log cannot be written.`,
		Example: `  worker --redis redis://10.0.0.5:6379/0
  worker --lane default/bj --lane default/gz --rps 2
  worker --config lanes.yaml
  BCE_ENDPOINT=http://127.0.0.1:8645 worker --rps 0        # against bcesim
  HAVIP_WEBHOOK_SECRET=whsec_… worker --webhook-host ops.example.com`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd.Context(), s, stderr, getenv) },
	}
	defineFlags(cmd, &s)
	cmd.AddCommand(newHealthcheck(), newConfig(getenv))
	cli.Program(cmd, "HAVIP", getenv)
	return cmd
}

// serve runs the worker: check, start, wait for a signal, drain.
func serve(ctx context.Context, s settings, stderr io.Writer, getenv cli.Getenv) error {
	log, err := cli.Logger(stderr, s.logFormat, s.logLevel, getenv)
	if err != nil {
		return cli.Blame(s.flags, err, "log-format", "log-level")
	}
	traces, err := startTraces(ctx, getenv, log)
	if err != nil {
		return err
	}
	defer func() { _ = traces.Stop(ctx) }() // what fails is logged
	log = traces.Logger(log)
	s = s.withGrace()
	if err := s.check(); err != nil {
		return err
	}
	lanes, err := configureLanes(ctx, s, getenv, log, traces)
	if err != nil {
		return err
	}
	webhook, err := configureWebhook(ctx, s, getenv)
	if err != nil {
		return err
	}
	access, err := configureConsole(ctx, s, getenv)
	if err != nil {
		return err
	}
	files, err := cli.OpenSpool(s.spoolDir, getenv, log)
	if err != nil {
		return cli.Blame(s.flags, err, "spool-dir")
	}
	until, started := redisconn.UntilStarted(ctx)
	rdb, err := openRedis(ctx, s, lanes, until, log)
	if err != nil {
		return err
	}
	defer cli.CloseSoon(rdb)
	health := &telemetry.Health{}
	m := metrics.New(metrics.NewState(rdb, s.tokenMaxAge, log))
	pages := console.New(ctx, console.Config{Redis: rdb, RedisURL: s.redis, Access: access, Logger: log})
	if err := listen(ctx, s, "listen", s.listen, routes(health, m.Handler(log), pages), log); err != nil {
		return cli.Blame(s.flags, err, "listen")
	}
	if err := listen(ctx, s, "pprof", s.pprof, telemetry.Profiles(), log); err != nil {
		return cli.Blame(s.flags, err, "pprof")
	}

	config := worker.Config{
		Redis: rdb, Lanes: lanes, Name: cli.ProcessName(), Concurrency: s.concurrency,
		RequestTimeout: s.requestTimeout, Grace: s.grace, TokenMaxAge: s.tokenMaxAge, ConfirmWithin: s.confirmWithin, AllowOtherAccount: s.allowOtherAccount, MaxDelay: s.maxDelay, Spool: files, Webhook: webhook, CheckKeys: true, Wrap: traces.Handler, Observer: m, Logger: log,
	}
	defer worker.ReserveHeap()()
	w, err := start(ctx, s, config)
	if err != nil {
		return err
	}
	started()
	m.Started(w)
	health.Started(w)
	log.Info().Str("version", version.Read().String()).Str("redis", redisconn.Redacted(s.redis)).Str("worker", cli.ProcessName()).Msg("ready")
	<-ctx.Done()
	health.Stopping()
	s.delayDrain(log)
	log.Info().Dur("grace", s.grace).Msg("stopping: nothing new starts; requests in flight finish and are recorded")
	w.Stop()
	log.Info().Msg("stopped")
	return nil
}
