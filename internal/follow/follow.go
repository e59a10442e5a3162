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

// Batch follows a batch until it is done, as [Watcher.Follow] does.
func Batch(ctx context.Context, t *terminal.IO, s *session.Session, name string) (ledger.Batch, error) {
	return (&Watcher{IO: t, Session: s, Batch: name}).Follow(ctx)
}

// Follow is [Watcher.Run] with an error that says how to come back, when the command is interrupted or the time that ctx
// has is up; see [WithTimeout].
func (w *Watcher) Follow(ctx context.Context) (ledger.Batch, error) {
	b, err := w.Run(ctx)
	switch {
	case err != nil && errors.Is(ctx.Err(), context.Canceled):
		w.Infof("stopped watching; the batch continues. `enqueue watch %s` resumes watching", shell.Quote(w.Batch))
		return b, cli.Fail(cli.ExitInterrupted, errors.New("interrupted"))
	case err != nil && expired(ctx) && b.Name != "" && b.CommittedAt == 0:
		return b, cli.Failf(cli.ExitPending, "%s", report.IncompleteText(b))
	}
	return b, PendingError(ctx, w.Batch, err)
}

// WithTimeout is [context.WithTimeout], where 0 is no limit. A command that has --timeout calls it first, so that opening
// Redis counts as well, and no longer uses it once it has what it waits for.
func WithTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// expired reports whether the time that ctx has is up. A connection notices that a moment before ctx does.
func expired(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return limited && !time.Now().Before(deadline) && !errors.Is(ctx.Err(), context.Canceled)
}

// PendingError gives the error of a wait that is the end of --timeout its text and exit code.
func PendingError(ctx context.Context, batch string, err error) error {
	if err != nil && expired(ctx) {
		return cli.Failf(cli.ExitPending, "batch %s is not finished; it continues, and `enqueue watch %s` resumes watching", batch, shell.Quote(batch))
	}
	return err
}

// TimeoutError gives an error from before the wait that is the end of --timeout its exit code. The error says how to
// continue.
func TimeoutError(ctx context.Context, err error) error {
	if err != nil && expired(ctx) && (cli.CodeOf(err) == cli.ExitNetwork || cli.CodeOf(err) == cli.ExitInterrupted) {
		return cli.Failf(cli.ExitPending, "--timeout: %w", err)
	}
	return err
}
