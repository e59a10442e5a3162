// Package follow watches a batch until it is done: its progress, why it is stalled, and a Redis that goes
// away meanwhile. It only reads.
package follow

import (
	"context"
	"errors"
	"time"

	"havip/internal/cli"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/ledger"
)

// Batch follows a batch until it is done, for as long as the timeout, 0 for no limit.
func Batch(ctx context.Context, t *terminal.IO, s *session.Session, name string, timeout time.Duration) (ledger.Batch, error) {
	return (&Watcher{IO: t, Session: s, Batch: name}).RunFor(ctx, timeout)
}

// RunFor is [Watcher.Run] for as long as the timeout, 0 for no limit. When time is up, or the command is
// interrupted, the error says how to come back.
func (w *Watcher) RunFor(ctx context.Context, timeout time.Duration) (ledger.Batch, error) {
	waitCtx, cancel := WithTimeout(ctx, timeout)
	defer cancel()
	b, err := w.Run(waitCtx)
	if err != nil && ctx.Err() != nil {
		w.Infof("the batch goes on without you; come back with `enqueue watch %s`", shell.Quote(w.Batch))
		return b, cli.Fail(cli.ExitInterrupted, errors.New("interrupted"))
	}
	if err != nil && errors.Is(waitCtx.Err(), context.DeadlineExceeded) && b.Name != "" && b.CommittedAt == 0 {
		return b, cli.Failf(cli.ExitPending, "%s", report.IncompleteText(b))
	}
	return b, PendingError(waitCtx, w.Batch, err)
}

// WithTimeout is [context.WithTimeout], where 0 is no limit.
func WithTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// PendingError gives an error that is the end of --timeout its text and exit code.
func PendingError(ctx context.Context, batch string, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return cli.Failf(cli.ExitPending, "batch %s is not finished yet; it goes on, and `enqueue watch %s` comes back to it", batch, shell.Quote(batch))
	}
	return err
}
