package run

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"havip/internal/batchpause"
	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/follow"
	"havip/internal/intake"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/internal/worker"
	"havip/ledger"
	"havip/tasks"
)

// work enqueues the rows, starts a worker, and waits for the batch, until timed ends.
func work(ctx, timed context.Context, f *session.Factory, s *session.Session, in *intake.Input, lanes []worker.LaneConfig, opts options, log zerolog.Logger) error {
	config := worker.Config{
		Redis: s.Redis, Lanes: lanes, Name: cli.ProcessName(), Concurrency: opts.concurrency, RequestTimeout: opts.requestTimeout,
		AllowOtherAccount: opts.allowOtherAccount, CheckKeys: !opts.sandbox, Waits: func(l tasks.Lane, wait time.Duration) { showWait(f.IO, l, wait) },
		Wrap: f.Traces.Handler, Logger: f.Traces.Logger(log),
	}
	if err := worker.Check(timed, config); err != nil { // before enqueueing, because this process must serve the items
		return cli.Fail(configCode(timed), err)
	}
	yes := opts.yes || opts.sandbox || !f.CanAsk()
	if err := intake.Apply(timed, f, s, in, opts.durable, yes); err != nil {
		return follow.TimeoutError(timed, err)
	}
	if opts.resume {
		err := opts.durable.Change(timed, f, s, durability.Batch(in.Batch), func() error {
			_, err := batchpause.Resume(timed, f.IO, s, in.Batch, opts.limit, "run --resume")
			if report.IsDamage(err) { // the results report the damaged items at the end
				return nil
			}
			return err
		})
		if err != nil {
			return follow.TimeoutError(timed, err)
		}
	}
	var err error
	if config.Spool, err = openSpool(f, opts, log); err != nil {
		return err
	}
	w, err := worker.Start(config)
	if err != nil {
		return cli.Fail(cli.ExitConfig, err)
	}
	defer w.Stop()
	return seeThrough(ctx, timed, f, s, in, opts)
}

// configCode returns the exit code for an error that may be the end of ctx.
func configCode(ctx context.Context) cli.ExitCode {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return cli.ExitPending
	case ctx.Err() != nil:
		return cli.ExitInterrupted
	}
	return cli.ExitConfig
}

// showWait reports the waiting time at a lane's first use.
func showWait(t *terminal.IO, l tasks.Lane, wait time.Duration) {
	t.Infof("lane %s: first use with this store; waiting %s so that existing HaVIPs are not mistaken for new ones", l, wait.Round(time.Second))
}

// seeThrough waits for the batch and prints its results, even if its failures have paused it, because the store may end with
// this process.
func seeThrough(ctx, timed context.Context, f *session.Factory, s *session.Session, in *intake.Input, opts options) error {
	started := time.Now()
	b, stopped := followRun(timed, f, s, in.Batch, opts)
	if stopped != nil && !report.Paused(b) {
		return stopped
	}
	damaged := report.Results(ctx, f.IO, s, in.Batch, report.FilterOf(f.IO))
	if stopped != nil || damaged != nil && !report.IsDamage(damaged) {
		return cmp.Or(stopped, damaged)
	}
	f.Infof("\n%s in %s: %s", words.Count(b.Total, "item", "items"), time.Since(started).Round(time.Millisecond), report.Counts(b))
	if opts.sandbox {
		f.Infof(afterSandbox, shell.Operand(in.Name), shell.Operand(in.Name, "--redis redis://HOST:6379/0 --wait"))
	}
	return opts.then.Run(ctx, f.IO, b, cmp.Or(report.FailedError(b), damaged))
}

// afterSandbox says how to create real HaVIPs.
const afterSandbox = `
This was a simulation: nothing real was created. To create them for real:

  export BCE_ACCESS_KEY_ID=… BCE_SECRET_ACCESS_KEY=… BCE_REGION=bj
  enqueue run %s

or with your own Redis, and workers on one machine or several:

  worker --redis redis://HOST:6379/0
  enqueue apply %s`

// followRun follows the batch; its errors say how the next run continues.
func followRun(ctx context.Context, f *session.Factory, s *session.Session, batch string, opts options) (ledger.Batch, error) {
	resume := "run the same command with --resume to continue"
	if opts.sandbox {
		resume = "the simulation keeps nothing"
	}
	b, err := (&follow.Watcher{IO: f.IO, Session: s, Batch: batch, Resume: resume}).Run(ctx)
	if err == nil || ctx.Err() == nil {
		return b, err
	}
	f.Infof("stopping: requests in flight finish and are recorded")
	again := "run the same command again to continue"
	if opts.sandbox {
		again = "the simulation keeps nothing"
	}
	code := cli.ExitInterrupted
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		code = cli.ExitPending
	}
	return b, cli.Failf(code, "stopped with %s of %s done; %s", words.Number(b.Total-b.Open()), words.Count(b.Total, "item", "items"), again)
}
