package main

import (
	"context"
	"errors"
	"time"

	"havip/internal/cli"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/ledger"
)

// follow shows a batch's progress until it is done, and returns how it stands then.
func (a *app) follow(ctx context.Context, s *session.Session, name string, timeout time.Duration) (ledger.Batch, error) {
	return a.followBy(ctx, &watcher{app: a, Session: s, batch: name}, timeout)
}

// followBy is follow by a watcher of its own mind.
func (a *app) followBy(ctx context.Context, w *watcher, timeout time.Duration) (ledger.Batch, error) {
	waitCtx, cancel := withTimeout(ctx, timeout)
	defer cancel()
	name := w.batch
	b, err := w.run(waitCtx)
	if err != nil && ctx.Err() != nil {
		a.Infof("the batch goes on without you; come back with `enqueue watch %s`", shell.Quote(name))
		return b, cli.Fail(cli.ExitInterrupted, errors.New("interrupted"))
	}
	if err != nil && errors.Is(waitCtx.Err(), context.DeadlineExceeded) && b.Name != "" && b.CommittedAt == 0 {
		return b, cli.Failf(cli.ExitPending, "%s", report.IncompleteText(b))
	}
	return b, pendingOr(waitCtx, name, err)
}

func withTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// pendingOr turns the end of the user's patience into its exit code.
func pendingOr(ctx context.Context, batch string, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return cli.Failf(cli.ExitPending, "batch %s is not finished yet; it goes on, and `enqueue watch %s` comes back to it", batch, shell.Quote(batch))
	}
	return err
}

// mayPass says of every failure to read that it may pass: the first page could be read.
func mayPass(error) bool { return true }

func (a *app) sayStillLooking(err error) { a.Infof("%s", stillLooking(err)) }
