package main

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
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/words"
	"havip/internal/worker"
	"havip/ledger"
	"havip/tasks"
)

// work is the batch's life inside this process.
func (a *app) work(ctx context.Context, s *session.Session, in *input, lanes []worker.LaneConfig, flags runFlags, log zerolog.Logger) error {
	config := worker.Config{
		Redis: s.Redis, Lanes: lanes, Name: cli.ProcessName(), Concurrency: flags.concurrency, RequestTimeout: flags.requestTimeout,
		AllowOtherAccount: flags.allowOtherAccount, Waits: a.sayWaits, Logger: log,
	}
	if err := worker.Check(ctx, config); err != nil { // before anything is enqueued that this process would not serve
		return cli.Fail(configCode(ctx), err)
	}
	yes := flags.yes || flags.sandbox
	if err := a.apply(ctx, s, in, a.confirmer(yes, in.name)); err != nil {
		return err
	}
	if flags.resume {
		err := a.durable.Change(ctx, a.Factory, s, durability.Batch(in.batch), func() error {
			_, err := batchpause.Resume(ctx, a.IO, s, in.batch, flags.limit, "run --resume")
			if report.IsDamage(err) { // the results name the damaged items, at the end
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	var err error
	if config.Spool, err = a.openSpool(flags, log); err != nil {
		return err
	}
	w, err := worker.Start(config)
	if err != nil {
		return cli.Fail(cli.ExitConfig, err)
	}
	defer w.Stop()
	return a.seeThrough(ctx, s, in, flags)
}

// configCode is of an error that may be the end of ctx.
func configCode(ctx context.Context) cli.ExitCode {
	if ctx.Err() != nil {
		return cli.ExitInterrupted
	}
	return cli.ExitConfig
}

// sayWaits says why nothing happens yet at a lane's first use.
func (a *app) sayWaits(l tasks.Lane, wait time.Duration) {
	a.Infof("lane %s: first use with this store; waiting %s so that existing HaVIPs are not mistaken for new ones", l, wait.Round(time.Second))
}

// seeThrough waits for the batch, and prints its results also when its failures stopped it: where the store
// ends with this process, nobody can look at them later.
func (a *app) seeThrough(ctx context.Context, s *session.Session, in *input, flags runFlags) error {
	started := time.Now()
	b, stopped := a.followRun(ctx, s, in.batch, flags)
	if stopped != nil && !report.Paused(b) {
		return stopped
	}
	damaged := report.Results(ctx, a.IO, s, in.batch, report.Filter{})
	if stopped != nil || damaged != nil && !report.IsDamage(damaged) {
		return cmp.Or(stopped, damaged)
	}
	a.Infof("\n%s in %s: %s", words.Count(b.Total, "item", "items"), time.Since(started).Round(time.Millisecond), report.Counts(b))
	if flags.sandbox {
		a.Infof(afterSandbox, shell.Quote(in.name))
	}
	return flags.then.Run(ctx, a.IO, b, cmp.Or(report.FailedError(b), damaged))
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
func (a *app) followRun(ctx context.Context, s *session.Session, batch string, flags runFlags) (ledger.Batch, error) {
	ctx, cancel := follow.WithTimeout(ctx, flags.timeout)
	defer cancel()
	goOn := "run the same command with --resume to go on"
	if flags.sandbox {
		goOn = "nothing of the simulation is kept"
	}
	b, err := (&follow.Watcher{IO: a.IO, Session: s, Batch: batch, Resume: goOn}).Run(ctx)
	if err == nil || ctx.Err() == nil {
		return b, err
	}
	// The end may have struck while the batch was being read.
	if b, err = s.Ledger.Batch(context.WithoutCancel(ctx), batch); err != nil {
		return b, err
	}
	a.Infof("stopping: requests in flight end and are recorded")
	again := "run the same command again to go on"
	if flags.sandbox {
		again = "nothing of the simulation is kept"
	}
	code := cli.ExitInterrupted
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		code = cli.ExitPending
	}
	return b, cli.Failf(code, "stopped with %s of %s done; %s", words.Number(b.Total-b.Open()), words.Count(b.Total, "item", "items"), again)
}
