// Package run is the command that creates a file's items in one process, with its own store and worker.
package run

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/batchpause"
	"havip/internal/cli"
	"havip/internal/cloud"
	"havip/internal/durability"
	"havip/internal/follow"
	"havip/internal/intake"
	"havip/internal/lane"
	"havip/internal/oncomplete"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/internal/worker"
	"havip/tasks"
)

type options struct {
	path              string
	file              intake.Flags
	cloud             cloud.Flags
	sandbox, yes      bool
	resume            bool
	limit             batchpause.FailureLimit
	faults            string
	allowOtherAccount bool
	rps               float64
	concurrency       int
	timeout           time.Duration
	requestTimeout    time.Duration
	// rpsGiven is whether the command line or the environment sets a rate.
	rpsGiven            bool
	logFormat, logLevel string
	then                oncomplete.Action
	durable             durability.Verifier
}

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	var opts options
	var completion string
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Create the items of a file in a single process, with its own store and worker",
		Long: `Run creates a file's items without a separate Redis or worker: it starts its own store and
worker, and prints the results.

With --sandbox, it simulates BCE too: nothing leaves this machine and nothing real is
created. Without --sandbox, it needs credentials and a store on disk: --redis, or its own
redis-server in --state-dir (by default havip in $XDG_STATE_HOME or ~/.local/state), where
the next run continues. All other commands can use that store with the same --state-dir;
what needs a worker, such as retry and rollback, is done by the next run of the file.

` + batchpause.LimitHelp + `
Run then exits, and ` + "`enqueue run --resume`" + ` with the same file continues.`,
		Example: `  enqueue run --sandbox examples/havips.csv
  enqueue run --sandbox examples/havips.csv --faults 'seed=1,create:commit-500=0.2'
  enqueue run havips.csv                       # real HaVIPs, with your credentials`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.path = args[0]
			opts.rpsGiven = cmd.Flags().Changed("rps")
			if err := checkStore(cmd, f, opts); err != nil {
				return err
			}
			var err error
			if opts.then, err = oncomplete.Parse(cmd.Flags(), completion, true, false); err != nil {
				return err
			}
			return run(cmd.Context(), f, opts)
		},
	}
	opts.cloud.Define(cmd)
	terminal.DefineList(f.IO, cmd, render.Results())
	flags := cmd.Flags()
	opts.file.Define(flags)
	flags.BoolVar(&opts.sandbox, "sandbox", false, "simulate BCE in this process; nothing real is created")
	flags.StringVar(&opts.faults, "faults", "", "with --sandbox: faults to inject, such as 'seed=1,create:commit-500=0.2'; see bcesim --help")
	flags.BoolVar(&opts.allowOtherAccount, "allow-other-account", false, "serve lanes that were used with another endpoint or account before")
	flags.Float64Var(&opts.rps, "rps", lane.DefaultRPS, "create requests per second and lane; 0 means no limit (default with --sandbox)")
	flags.IntVar(&opts.concurrency, "concurrency", worker.DefaultConcurrency, "maximum requests in flight in each lane")
	flags.DurationVar(&opts.requestTimeout, "request-timeout", tasks.DefaultRequestTimeout, "how long one request to BCE may take; it is then repeated under the same clientToken")
	follow.DefineTimeout(flags, &opts.timeout, "stop after this time, with exit code 8, or 5 if Redis never answered; the next run continues")
	flags.BoolVar(&opts.resume, "resume", false, "resume the batch if it is paused")
	opts.limit.Define(flags)
	oncomplete.Define(flags, &completion, "command that /bin/sh runs when the batch is complete, with the batch as JSON on its standard input")
	opts.durable.Define(cmd)
	flags.BoolVar(&opts.yes, "yes", false, "do not ask for confirmation on a terminal")
	flags.StringVar(&opts.logFormat, "log-format", "auto", "log format of the worker: json, console or auto")
	flags.StringVar(&opts.logLevel, "log-level", "error", "log level of the worker: trace, debug, info, warn or error")
	return cmd
}

// tellSimulators reports endpoints on this machine, where nothing real is created.
func tellSimulators(f *session.Factory, lanes []worker.LaneConfig) {
	for _, l := range lanes {
		if l.Simulated {
			f.Infof("lane %s: HaVIPs are created in the SIMULATOR at %s", l.Lane, l.Cloud.Endpoint)
		}
	}
}

// checkStore refuses contradictory flags about the store, before the file is read.
func checkStore(cmd *cobra.Command, f *session.Factory, opts options) error {
	if !opts.sandbox {
		return f.StoreError()
	}
	for _, flag := range []string{"redis", "state-dir"} {
		if cli.Given(cmd.Flags(), flag) {
			return cli.Failf(cli.ExitUsage, "--%s cannot be used with --sandbox, which keeps everything in this process: simulated haVipIds must not reach a real ledger", flag)
		}
	}
	return nil
}

// run checks the file, opens a store, finds BCE, and works until the batch is done.
func run(ctx context.Context, f *session.Factory, opts options) error {
	if err := worker.CheckTerms(opts.concurrency, opts.rps, opts.requestTimeout); err != nil {
		return cli.Fail(cli.ExitUsage, err)
	}
	log, err := cli.Logger(f.Err, opts.logFormat, opts.logLevel, f.Getenv)
	if err != nil {
		return err
	}
	timed, cancel := follow.WithTimeout(ctx, opts.timeout)
	defer cancel()
	in, err := intake.ReadFile(timed, f, opts.path, opts.file)
	if err != nil {
		return follow.TimeoutError(timed, err)
	}
	defer in.Close()
	in.LimitFailures(opts.limit)
	lanes, err := lanesOf(timed, in)
	if err != nil {
		return err
	}
	cloud, closeCloud, err := openCloud(ctx, f.Getenv, opts)
	if err != nil {
		return err
	}
	defer closeCloud()
	served, err := serveLanes(timed, cloud, lanes, opts, f.Traces)
	if err != nil {
		return err
	}
	cli.OutliveReaders() // requests in flight must be recorded; the results can be read later
	if !opts.sandbox {
		tellSimulators(f, served)
	}
	started := f.OutliveInterrupt(ctx)
	s, err := openStore(timed, f, opts)
	if err != nil {
		return err
	}
	defer s.Close()
	started()
	return work(ctx, timed, f, s, in, served, opts, log)
}
