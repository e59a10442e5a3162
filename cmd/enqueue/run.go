package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/internal/cli"
	"havip/internal/lane"
	"havip/internal/redisconn"
	"havip/internal/spool"
	"havip/internal/standalone"
	"havip/internal/worker"
	"havip/ledger"
	"havip/tasks"
)

// runFlags are the flags of run besides the file's.
type runFlags struct {
	fileFlags
	sandbox, yes      bool
	resume            bool
	limit             failureLimit
	stateDir          string
	endpoint, faults  string
	allowPlainHTTP    bool
	rps               float64
	concurrency       int
	timeout           time.Duration
	redisGiven        bool
	rpsGiven          bool
	logFormat, logLev string
	completion        string
	then              onComplete
}

func (a *app) runCommand() *cobra.Command {
	var flags runFlags
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Do everything in this one process: store, worker, batch, results",
		Long: `Run creates a file's items without anything else running: it brings its own store and
worker, and prints the results.

With --sandbox it brings a simulated BCE as well: nothing leaves this machine and
nothing real is created. Without, it needs credentials and a store that survives:
--redis, or a redis-server of its own in --state-dir, from which the next run goes on.

` + limitHelp + `
Run ends then, and ` + "`enqueue run --resume`" + ` of the same file goes on.`,
		Example: `  enqueue run --sandbox examples/havips.csv
  enqueue run --sandbox examples/havips.csv --faults 'seed=1,create:commit-500=0.2'
  enqueue run havips.csv                       # real HaVIPs, with your credentials`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.redisGiven = cmd.Flags().Changed("redis")
			flags.rpsGiven = cmd.Flags().Changed("rps")
			if flags.sandbox && cli.Given(cmd.Flags(), "redis") {
				return cli.Failf(cli.ExitUsage, "--redis: not with --sandbox, which keeps everything in this process: invented haVipIds must not reach a real ledger")
			}
			if err := worker.CheckTerms(flags.concurrency, flags.rps); err != nil {
				return cli.Fail(cli.ExitUsage, err)
			}
			var err error
			if flags.then, err = parseOnComplete(cmd.Flags(), flags.completion, true, false); err != nil {
				return err
			}
			return a.runFile(cmd.Context(), args[0], flags)
		},
	}
	defineFileFlags(cmd, &flags.fileFlags)
	f := cmd.Flags()
	f.BoolVar(&flags.sandbox, "sandbox", false, "simulate BCE in this process; nothing real is created")
	f.StringVar(&flags.faults, "faults", "", "with --sandbox: what goes wrong, such as 'seed=1,create:commit-500=0.2'; see bcesim --help")
	f.StringVar(&flags.stateDir, "state-dir", "", "directory of the store, without --redis (default: havip in $XDG_STATE_HOME or ~/.local/state)")
	f.StringVar(&flags.endpoint, "endpoint", "", "BCE endpoint URL instead of the region's public one")
	f.BoolVar(&flags.allowPlainHTTP, "allow-plain-http", false, "accept an http:// endpoint that is not a loopback address")
	f.Float64Var(&flags.rps, "rps", lane.DefaultRPS, "creates a second of each lane; 0 means no limit (default with --sandbox)")
	f.IntVar(&flags.concurrency, "concurrency", worker.DefaultConcurrency, "items in flight at once, in each lane")
	f.DurationVar(&flags.timeout, "timeout", 0, "stop after this time, with exit code 8; the next run goes on")
	f.BoolVar(&flags.resume, "resume", false, "let the batch go on if it is held")
	defineMaxFailures(f, &flags.limit)
	completionFlag(f, &flags.completion, "command to run when the batch is complete, by /bin/sh, with the batch as JSON on its standard input")
	f.BoolVar(&flags.yes, "yes", false, "do not ask on a terminal")
	f.StringVar(&flags.logFormat, "log-format", "auto", "of the worker inside: json, console or auto")
	f.StringVar(&flags.logLev, "log-level", "error", "of the worker inside: trace, debug, info, warn or error")
	cli.Env(f, "endpoint", "BCE_ENDPOINT")
	return cmd
}

// runFile is the embedded default: check, open a store, find BCE, work, print.
func (a *app) runFile(ctx context.Context, path string, flags runFlags) error {
	log, err := cli.Logger(a.err, flags.logFormat, flags.logLev, a.getenv)
	if err != nil {
		return err
	}
	in, err := a.read(ctx, path, flags.fileFlags)
	if err != nil {
		return err
	}
	defer in.close()
	in.under(flags.limit)
	lanes, err := lanesOf(ctx, in)
	if err != nil {
		return err
	}
	cloud, closeCloud, err := a.cloud(ctx, flags)
	if err != nil {
		return err
	}
	defer closeCloud()
	served, err := serveLanes(ctx, cloud, lanes, flags)
	if err != nil {
		return err
	}
	s, err := a.openStore(ctx, flags)
	if err != nil {
		return err
	}
	defer s.close()
	return a.work(ctx, s, in, served, flags, log)
}

// work is the batch's life inside this process.
func (a *app) work(ctx context.Context, s *session, in *input, lanes []worker.LaneConfig, flags runFlags, log zerolog.Logger) error {
	yes := flags.yes || flags.sandbox
	if err := a.apply(ctx, s, in, a.confirmer(yes, in.name)); err != nil {
		return err
	}
	if flags.resume {
		if _, err := a.letGoOn(ctx, s, in.batch, flags.limit, "run --resume"); err != nil {
			return err
		}
	}
	files, err := a.openSpool(flags, log)
	if err != nil {
		return err
	}
	w, err := worker.Start(worker.Config{
		Redis: s.rdb, Lanes: lanes, Name: cli.ProcessName(), Concurrency: flags.concurrency, Spool: files, Logger: log,
	})
	if err != nil {
		return cli.Fail(cli.ExitConfig, err)
	}
	defer w.Stop()
	return a.seeThrough(ctx, s, in, flags)
}

// seeThrough waits for the batch, and prints its results also when its failures stopped it: where the store
// ends with this process, nobody can look at them later.
func (a *app) seeThrough(ctx context.Context, s *session, in *input, flags runFlags) error {
	started := time.Now()
	b, stopped := a.followRun(ctx, s, in.batch, flags)
	if stopped != nil && !holds(b) {
		return stopped
	}
	if err := a.printResults(ctx, s, in.batch, resultsFlags{}); err != nil || stopped != nil {
		return cmp.Or(stopped, err)
	}
	a.say("\n%s in %s: %s", count(b.Total, "item", "items"), time.Since(started).Round(time.Millisecond), countsLine(b))
	if flags.sandbox {
		a.say(afterSandbox, word(in.name))
	}
	return a.completed(ctx, flags.then, b, failures(b))
}

// afterSandbox says how to do the same for real.
const afterSandbox = `
This was a simulation: nothing real was created. To create these HaVIPs for real:

  export BCE_ACCESS_KEY_ID=… BCE_SECRET_ACCESS_KEY=… BCE_REGION=bj
  enqueue run %[1]s

or with a Redis of yours, and workers on one machine or several:

  worker --redis redis://HOST:6379/0
  enqueue apply %[1]s --redis redis://HOST:6379/0 --wait`

// followRun is follow, speaking of the store that the next run goes on with.
func (a *app) followRun(ctx context.Context, s *session, batch string, flags runFlags) (ledger.Batch, error) {
	ctx, cancel := withTimeout(ctx, flags.timeout)
	defer cancel()
	goOn := "run the same command with --resume to go on"
	if flags.sandbox {
		goOn = "nothing of the simulation is kept"
	}
	b, err := (&watcher{app: a, session: s, batch: batch, goOn: goOn}).run(ctx)
	if err == nil || ctx.Err() == nil {
		return b, err
	}
	// The end may have struck while the batch was being read.
	if b, err = s.ledger.Batch(context.WithoutCancel(ctx), batch); err != nil {
		return b, err
	}
	a.say("stopping: requests in flight end and are recorded")
	again := "run the same command again to go on"
	if flags.sandbox {
		again = "nothing of the simulation is kept"
	}
	code := cli.ExitInterrupted
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		code = cli.ExitPending
	}
	return b, cli.Failf(code, "stopped with %s of %s done; %s", number(b.Total-b.Open()), count(b.Total, "item", "items"), again)
}

// lanesOf are the lanes that the file's items belong to, in the file's order.
func lanesOf(ctx context.Context, in *input) ([]tasks.Lane, error) {
	var lanes []tasks.Lane
	seen := map[tasks.Lane]bool{}
	for row, err := range in.items(ctx) {
		if err != nil {
			return nil, cli.Fail(inputCode(ctx), err)
		}
		l := tasks.Lane{Account: row.Item.Account, Region: row.Item.Region}
		if !seen[l] {
			seen[l] = true
			lanes = append(lanes, l)
		}
	}
	return lanes, nil
}

func serveLanes(ctx context.Context, cloud cli.Cloud, lanes []tasks.Lane, flags runFlags) ([]worker.LaneConfig, error) {
	rps := flags.rps
	if flags.sandbox && !flags.rpsGiven {
		rps = 0
	}
	served := make([]worker.LaneConfig, len(lanes))
	for i, l := range lanes {
		client, err := cloud.Client(ctx, l)
		if err != nil {
			if cli.IsNoCredentials(err) {
				err = cli.Failf(cli.ExitConfig, "%w; or try --sandbox, which needs none", err)
			}
			return nil, err
		}
		served[i] = worker.LaneConfig{Lane: l, API: client, RPS: rps}
	}
	return served, nil
}

// cloud is BCE, or with --sandbox a simulator on a loopback port of this process.
func (a *app) cloud(ctx context.Context, flags runFlags) (cli.Cloud, func(), error) {
	public := cli.Cloud{Endpoint: flags.endpoint, AllowPlainHTTP: flags.allowPlainHTTP, Getenv: a.getenv}
	if !flags.sandbox {
		if flags.faults != "" {
			return public, nil, cli.Failf(cli.ExitUsage, "--faults: only with --sandbox")
		}
		return public, func() {}, nil
	}
	faults, err := bcesim.ParseFaults(flags.faults)
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
		Endpoint: "http://" + listener.Addr().String(), Getenv: a.getenv,
		Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
	}
	return sandboxed, func() { sim.Close(); _ = server.Close() }, nil
}

// openStore opens the Redis asked for, or brings one along: over a directory for the real thing, and
// always in memory for the sandbox, whatever Redis the environment names.
func (a *app) openStore(ctx context.Context, flags runFlags) (*session, error) {
	if flags.redisGiven && !flags.sandbox {
		return a.openDurable(ctx, false)
	}
	pool := redisconn.PoolSize(flags.concurrency*2 + 10)
	var store *standalone.Store
	var err error
	if flags.sandbox {
		store, err = standalone.InProcess(ctx, pool)
	} else {
		dir := flags.stateDir
		if dir == "" {
			dir = cli.StateDir(a.getenv)
		}
		a.say("store: redis-server over %s", dir)
		store, err = standalone.Child(ctx, dir, pool)
	}
	if err != nil {
		return nil, cli.Fail(cli.ExitConfig, err)
	}
	return &session{rdb: store.Client(), ledger: ledger.New(store.Client()), close: func() { _ = store.Close() }}, nil
}

// openSpool is for outcomes while Redis is away; a simulation has nothing to keep.
func (a *app) openSpool(flags runFlags, log zerolog.Logger) (*spool.Spool, error) {
	if flags.sandbox {
		return nil, nil //nolint:nilnil // no spool is a way to work
	}
	return cli.OpenSpool("", a.getenv, log)
}
