// Package follow watches a batch until it is done: its progress, and why it is stalled. It waits while Redis is
// unavailable, and only reads.
package follow

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/pflag"

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

// Follow is [Watcher.Run] with an error that says how to resume watching, when the command is interrupted or ctx's deadline
// passes; see [WithTimeout]. If no item has finished until the deadline, it says why.
func (w *Watcher) Follow(ctx context.Context) (ledger.Batch, error) {
	b, err := w.Run(ctx)
	switch {
	case err != nil && expired(ctx) && b.Name != "" && b.CommittedAt == 0:
		return b, cli.Failf(cli.ExitPending, "%s", report.IncompleteText(b))
	case err != nil && w.stall.timeUp(ctx) && !w.progressed && b.Pause == nil:
		w.stall.explainEnd(ctx, w.reason(b), w.say)
	}
	return b, endError(ctx, w.IO, w.Batch, err)
}

// DefineTimeout defines --timeout, which [WithTimeout] obeys.
func DefineTimeout(flags *pflag.FlagSet, timeout *time.Duration, usage string) {
	const name = "timeout"
	flags.DurationVar(timeout, name, 0, usage+"; 0 means no limit")
	cli.AtLeast(flags, name, timeout, 0, "must be a duration, such as 30s, 10m or 2h, or 0 for no limit")
}

// WithTimeout is [context.WithTimeout], where 0 is no limit. A command with --timeout calls it first, so that the time to
// open Redis counts, and stops using the context once it has what it waited for.
func WithTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// expired reports whether ctx's deadline has passed. A connection notices that slightly before ctx is done.
func expired(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return limited && !time.Now().Before(deadline) && !errors.Is(ctx.Err(), context.Canceled)
}

// endError gives the error of a wait that a signal or --timeout ended its text and exit code, and says how to resume it.
func endError(ctx context.Context, t *terminal.IO, batch string, err error) error {
	switch {
	case err != nil && errors.Is(ctx.Err(), context.Canceled):
		t.Infof("stopped watching; the batch continues. `enqueue watch %s` resumes watching", shell.Operand(batch))
		return cli.Fail(cli.ExitInterrupted, errors.New("interrupted"))
	case err != nil && expired(ctx):
		return cli.Failf(cli.ExitPending, "batch %s is not finished; it continues, and `enqueue watch %s` resumes watching", batch, shell.Operand(batch))
	}
	return err
}

// TimeoutError gives an error that --timeout caused before the wait its exit code. The error says how to continue.
func TimeoutError(ctx context.Context, err error) error {
	if err != nil && expired(ctx) && (cli.CodeOf(err) == cli.ExitNetwork || cli.CodeOf(err) == cli.ExitInterrupted) {
		return cli.Failf(cli.ExitPending, "--timeout: %s", cli.WithoutContext(err))
	}
	return err
}
