package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/lane"
	"havip/internal/redisconn"
	"havip/internal/render"
	"havip/internal/telemetry"
	"havip/internal/worker"
	"havip/tasks"
)

// settings are the program's flags.
type settings struct {
	redis, region, endpoint string
	allowPlainHTTP          bool
	allowOtherAccount       bool
	lanes                   []string
	rps                     float64
	concurrency             int
	listen, spoolDir        string
	tokenMaxAge, maxDelay   time.Duration
	confirmWithin           time.Duration
	requestTimeout, grace   time.Duration
	redisWait               time.Duration
	allowVolatile           bool
	allowUnverified         bool
	logFormat, logLevel     string
	webhookHosts            []string
	webhookSecretFile       string
}

// run is the program: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, getenv cli.Getenv) int {
	cmd := newCommand(stderr, getenv)
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "worker: %s\n", render.Printable(err.Error()))
	}
	return int(cli.CodeOf(err))
}

func newCommand(stderr io.Writer, getenv cli.Getenv) *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Create the HaVIPs whose tasks stand in the lanes' queues",
		Long: `Worker takes create-HaVIP tasks from the queues of its lanes, makes the signed API
calls, and records every outcome in the ledger. Any number of workers may share a
Redis; the rate of a lane is one budget for all of them.

Credentials: BCE_ACCESS_KEY_ID and BCE_SECRET_ACCESS_KEY, or the current profile of
~/.bce/config.json. An account other than "default" uses the profile of its name.

Batches that were applied with --on-complete URL are told of by workers that have
HAVIP_WEBHOOK_SECRET (whsec_ and base64; several, apart by spaces, while one is changed for
another) and the URL's host as --webhook-host: the URL is whatever a producer put into
Redis, so a worker calls no other.

SIGTERM and SIGINT drain: nothing new begins, requests in flight end and are recorded.
A second signal ends the process at once; that is safe, only slower to recover from.`,
		Example: `  worker --redis redis://10.0.0.5:6379/0
  worker --lane default/bj --lane default/gz --rps 2
  BCE_ENDPOINT=http://127.0.0.1:8645 worker --rps 0        # against bcesim
  HAVIP_WEBHOOK_SECRET=whsec_… worker --webhook-host ops.example.com`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd.Context(), s, stderr, getenv) },
	}
	defineFlags(cmd, &s)
	cmd.AddCommand(newHealthcheck())
	cli.Program(cmd, "HAVIP", getenv)
	return cmd
}

func defineFlags(cmd *cobra.Command, s *settings) {
	f := cmd.Flags()
	f.StringVar(&s.redis, "redis", cli.DefaultRedisURL, "where the queues and the ledger are: redis://, rediss://, unix://, redis-sentinel:// or redis-cluster://")
	f.StringVar(&s.region, "region", cli.DefaultRegion, "region of the default lane")
	f.StringVar(&s.endpoint, "endpoint", "", "BCE endpoint URL instead of the region's public one")
	f.BoolVar(&s.allowPlainHTTP, "allow-plain-http", false, "accept an http:// endpoint that is not a loopback address")
	f.BoolVar(&s.allowOtherAccount, "allow-other-account", false, "serve lanes that were used with another endpoint or account until now")
	f.StringSliceVar(&s.lanes, "lane", nil, "lane to serve, as ACCOUNT/REGION; may be repeated (default default/REGION)")
	f.Float64Var(&s.rps, "rps", lane.DefaultRPS, "creates a second of each lane, over all workers, unless another is set by enqueue limit; 0 means no limit")
	f.IntVar(&s.concurrency, "concurrency", worker.DefaultConcurrency, "items in flight at once, in each lane")
	f.StringVar(&s.listen, "listen", "", "address that serves /healthz and /readyz, such as 127.0.0.1:8644")
	f.StringVar(&s.spoolDir, "spool-dir", "", "directory for outcomes that cannot be recorded while Redis is away (default: havip/spool in $XDG_STATE_HOME or ~/.local/state)")
	f.DurationVar(&s.tokenMaxAge, "token-max-age", tasks.TokenMaxAge, "time after which a clientToken with an unknown outcome is not sent again unseen")
	f.DurationVar(&s.confirmWithin, "confirm-within", tasks.DefaultConfirmWithin, "longest time that BCE may take to show what a request created; before that, nothing is given up for not being listed")
	f.DurationVar(&s.maxDelay, "max-delay", tasks.RetryDelayCap, "longest time from one request of an item to the next; Retry-After is honoured up to it")
	f.DurationVar(&s.requestTimeout, "request-timeout", tasks.DefaultRequestTimeout, "how long one request to BCE may take; it is then repeated under the same clientToken")
	f.DurationVar(&s.grace, "grace", 0, "how long a stopping worker waits for requests in flight (default 15s longer than the request timeout)")
	f.DurationVar(&s.redisWait, "redis-wait", cli.PassingPatience, "how long to wait at the start for a Redis that does not answer, loads its data, is busy or lacks a replica")
	f.BoolVar(&s.allowVolatile, "allow-volatile", false, "accept a Redis that forgets everything when it restarts")
	f.BoolVar(&s.allowUnverified, "allow-unverified-durability", false, "accept a Redis that does not tell (INFO, CONFIG GET) whether it keeps what was written")
	f.StringVar(&s.logFormat, "log-format", "auto", "json, console, or auto: console on a terminal")
	f.StringVar(&s.logLevel, "log-level", "info", "trace, debug, info, warn or error")
	f.StringSliceVar(&s.webhookHosts, "webhook-host", nil, "host, or HOST:PORT, that may be told of completed batches; may be repeated")
	f.StringVar(&s.webhookSecretFile, "webhook-secret-file", "", "file with the secrets that notices are signed with, instead of $HAVIP_WEBHOOK_SECRET")
	cli.Env(f, "redis", "HAVIP_REDIS_URL")
	cli.Env(f, "region", "BCE_REGION", "BAIDUCLOUD_REGION")
	cli.Env(f, "endpoint", "BCE_ENDPOINT")
}

// serve is the worker's life: check, start, wait for a signal, drain.
func serve(ctx context.Context, s settings, stderr io.Writer, getenv cli.Getenv) error {
	log, err := cli.Logger(stderr, s.logFormat, s.logLevel, getenv)
	if err != nil {
		return err
	}
	if s.grace == 0 {
		s.grace = worker.DefaultGrace(s.requestTimeout)
	}
	lanes, err := configureLanes(ctx, s, getenv)
	if err != nil {
		return err
	}
	webhook, err := configureWebhook(s, getenv)
	if err != nil {
		return err
	}
	files, err := cli.OpenSpool(s.spoolDir, getenv, log)
	if err != nil {
		return err
	}
	ctx, release := cli.OnSignal(ctx)
	defer release()
	rdb, err := openRedis(ctx, s, len(lanes), log)
	if err != nil {
		return orSignal(ctx, err)
	}
	defer cli.CloseSoon(rdb)
	health, err := listenHealth(ctx, s.listen, rdb, log)
	if err != nil {
		return err
	}

	config := worker.Config{
		Redis: rdb, Lanes: lanes, Name: cli.ProcessName(), Concurrency: s.concurrency,
		RequestTimeout: s.requestTimeout, Grace: s.grace, TokenMaxAge: s.tokenMaxAge, ConfirmWithin: s.confirmWithin, AllowOtherAccount: s.allowOtherAccount, MaxDelay: s.maxDelay, Spool: files, Webhook: webhook, Logger: log,
	}
	w, err := start(ctx, s, config)
	if err != nil {
		return orSignal(ctx, err)
	}
	log.Info().Str("redis", redisconn.Redacted(s.redis)).Str("worker", cli.ProcessName()).Msg("ready")
	<-ctx.Done()
	log.Info().Dur("grace", s.grace).Msg("stopping: nothing new begins; requests in flight end and are recorded")
	health.Stopping()
	w.Stop()
	log.Info().Msg("stopped")
	return nil
}

// orSignal is err, unless it is a signal that ended the start.
func orSignal(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

// openRedis opens a Redis that is fit for the work, and waits for what passes by itself.
func openRedis(ctx context.Context, s settings, lanes int, log zerolog.Logger) (redis.UniversalClient, error) {
	var ready atomic.Bool // from then on the heartbeats tell
	waiting := func(err error) {
		if !ready.Load() {
			log.Warn().Err(err).Dur("at_most", s.redisWait).Msg("waiting for redis")
		}
	}
	rdb, err := cli.AwaitRedis(ctx, s.redis, s.patience(), redisconn.PoolSize(lanes*s.concurrency+10), redisconn.Told(waiting))
	if err != nil {
		return nil, err
	}
	err = cli.Durability{
		AllowVolatile: s.allowVolatile, AllowUnverified: s.allowUnverified, Patience: s.patience(), Waiting: waiting,
		Warn: func(warning string) { log.Warn().Msg(warning) },
	}.Require(ctx, rdb)
	if err != nil {
		cli.CloseSoon(rdb)
		return nil, err
	}
	ready.Store(true)
	return rdb, nil
}

func (s settings) patience() redisconn.Patience {
	return redisconn.Patience{Down: s.redisWait, Passing: s.redisWait}
}

// start starts the worker. A Redis that goes away meanwhile is waited for; what else fails is the configuration's.
func start(ctx context.Context, s settings, config worker.Config) (*worker.Worker, error) {
	var w *worker.Worker
	waiting := func(err error) { config.Logger.Warn().Err(err).Dur("at_most", s.redisWait).Msg("waiting for redis") }
	err := redisconn.Await(ctx, s.patience(), waiting, func(ctx context.Context) error {
		err := worker.Check(ctx, config) // it may take its time, which a signal ends
		if err == nil {
			w, err = worker.Start(config)
		}
		return redisconn.Explain(s.redis, err)
	})
	var ofRedis *redisconn.ConnError
	if errors.As(err, &ofRedis) {
		return nil, cli.Fail(cli.ExitNetwork, err)
	}
	return w, cli.Fail(cli.ExitConfig, err)
}

// configureLanes makes a client for each lane asked for.
func configureLanes(ctx context.Context, s settings, getenv cli.Getenv) ([]worker.LaneConfig, error) {
	names := s.lanes
	if len(names) == 0 {
		names = []string{tasks.Lane{Account: tasks.DefaultAccount, Region: s.region}.String()}
	}
	if err := worker.CheckTerms(s.concurrency, s.rps, s.requestTimeout); err != nil {
		return nil, cli.Fail(cli.ExitUsage, err)
	}
	if least := worker.MinGrace(s.requestTimeout); s.grace < least {
		return nil, cli.Failf(cli.ExitUsage, "grace %s: must be at least %s, so that no request is cut off", s.grace, least)
	}
	if s.tokenMaxAge <= 0 || s.tokenMaxAge > maxTokenAge {
		return nil, cli.Failf(cli.ExitUsage, "token-max-age %s: must be more than 0 and at most %s; BCE forgets a token after 24h", s.tokenMaxAge, maxTokenAge)
	}
	if s.confirmWithin < minConfirmWithin || s.confirmWithin > maxTokenAge {
		return nil, cli.Failf(cli.ExitUsage, "confirm-within %s: must be from %s to %s", s.confirmWithin, minConfirmWithin, maxTokenAge)
	}
	if s.maxDelay < tasks.RetryDelayFirst || s.maxDelay > maxMaxDelay {
		return nil, cli.Failf(cli.ExitUsage, "max-delay %s: must be from %s to %s", s.maxDelay, tasks.RetryDelayFirst, maxMaxDelay)
	}
	clients := cli.Cloud{Endpoint: s.endpoint, AllowPlainHTTP: s.allowPlainHTTP, RequestTimeout: s.requestTimeout, Getenv: getenv}
	seen := map[tasks.Lane]bool{}
	lanes := make([]worker.LaneConfig, 0, len(names))
	for _, name := range names {
		l, err := tasks.ParseLane(name)
		if err != nil {
			return nil, cli.Fail(cli.ExitUsage, err)
		}
		if seen[l] {
			return nil, cli.Failf(cli.ExitUsage, "lane %q: given twice", name)
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
		lanes = append(lanes, worker.LaneConfig{Lane: l, API: client, Cloud: cloud, RPS: s.rps})
	}
	return lanes, nil
}

// maxTokenAge leaves an hour for clocks and queues of the 24 hours for which BCE keeps a clientToken
// after it last received it (https://cloud.baidu.com/doc/VPC/s/gjwvyu77i).
const maxTokenAge = 23 * time.Hour

// minConfirmWithin is a second: shorter waits say nothing about BCE.
const minConfirmWithin = time.Second

// maxMaxDelay leaves a clientToken many requests within its life.
const maxMaxDelay = time.Hour

// listenHealth serves health until ctx ends, if an address is given.
func listenHealth(ctx context.Context, address string, rdb redis.UniversalClient, log zerolog.Logger) (*telemetry.Health, error) {
	health := telemetry.NewHealth(func(ctx context.Context) error { return rdb.Ping(ctx).Err() })
	if address == "" {
		return health, nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, cli.Failf(cli.ExitConfig, "--listen %s: %w", address, err)
	}
	log.Info().Str("address", listener.Addr().String()).Msg("serving health")
	go func() {
		if err := health.Serve(context.WithoutCancel(ctx), listener); err != nil && !errors.Is(err, net.ErrClosed) {
			log.Error().Err(err).Msg("health stopped")
		}
	}()
	return health, nil
}
