package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/batchpause"
	"havip/internal/cli"
	"havip/internal/lane"
	"havip/internal/oncomplete"
	"havip/internal/worker"
	"havip/tasks"
)

// runFlags are the flags of run besides the file's.
type runFlags struct {
	fileFlags
	sandbox, yes      bool
	resume            bool
	limit             batchpause.FailureLimit
	stateDir          string
	endpoint, faults  string
	allowPlainHTTP    bool
	allowOtherAccount bool
	rps               float64
	concurrency       int
	timeout           time.Duration
	requestTimeout    time.Duration
	redisGiven        bool
	rpsGiven          bool
	logFormat, logLev string
	completion        string
	then              oncomplete.Action
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

` + batchpause.LimitHelp + `
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
			if err := worker.CheckTerms(flags.concurrency, flags.rps, flags.requestTimeout); err != nil {
				return cli.Fail(cli.ExitUsage, err)
			}
			var err error
			if flags.then, err = oncomplete.Parse(cmd.Flags(), flags.completion, true, false); err != nil {
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
	f.BoolVar(&flags.allowOtherAccount, "allow-other-account", false, "serve lanes that were used with another endpoint or account until now")
	f.Float64Var(&flags.rps, "rps", lane.DefaultRPS, "creates a second of each lane; 0 means no limit (default with --sandbox)")
	f.IntVar(&flags.concurrency, "concurrency", worker.DefaultConcurrency, "items in flight at once, in each lane")
	f.DurationVar(&flags.requestTimeout, "request-timeout", tasks.DefaultRequestTimeout, "how long one request to BCE may take; it is then repeated under the same clientToken")
	f.DurationVar(&flags.timeout, "timeout", 0, "stop after this time, with exit code 8; the next run goes on")
	f.BoolVar(&flags.resume, "resume", false, "let the batch go on if it is held")
	flags.limit.Define(f)
	oncomplete.Define(f, &flags.completion, "command to run when the batch is complete, by /bin/sh, with the batch as JSON on its standard input")
	a.durable.Define(cmd)
	f.BoolVar(&flags.yes, "yes", false, "do not ask on a terminal")
	f.StringVar(&flags.logFormat, "log-format", "auto", "of the worker inside: json, console or auto")
	f.StringVar(&flags.logLev, "log-level", "error", "of the worker inside: trace, debug, info, warn or error")
	cli.Env(f, "endpoint", "BCE_ENDPOINT")
	return cmd
}

// runFile is the embedded default: check, open a store, find BCE, work, print.
func (a *app) runFile(ctx context.Context, path string, flags runFlags) error {
	log, err := cli.Logger(a.Err, flags.logFormat, flags.logLev, a.Getenv)
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
	defer s.Close()
	return a.work(ctx, s, in, served, flags, log)
}
