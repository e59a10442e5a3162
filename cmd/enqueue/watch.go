package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/ledger"
)

func (a *app) watchCommand() *cobra.Command {
	var timeout time.Duration
	var exitStatus bool
	var completion string
	cmd := &cobra.Command{
		Use:   "watch BATCH",
		Short: "Follow a batch until it is done",
		Long: `Watch follows a batch until it is done. It only looks: ended by Ctrl-C or --timeout, it
leaves the batch running. Of a batch that its failures stopped (--max-failures) it tells
why and what to do, and exits with 1; a pause is told and waited for.

With --on-complete it then runs a command, by /bin/sh, with the batch in
HAVIP_COMPLETED_BATCH and, as JSON, on its standard input.`,
		Example: `  enqueue watch havips
  enqueue watch havips --timeout 10m --exit-status     # 0 done, 1 some failed, 8 not finished
  enqueue watch havips --on-complete 'jq .data.counts'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			then, err := parseOnComplete(cmd.Flags(), completion, true, false)
			if err != nil {
				return err
			}
			s, err := a.Open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			b, err := a.follow(cmd.Context(), s, args[0], timeout)
			if err != nil {
				return err
			}
			if err := a.printBatches([]ledger.Batch{b}); err != nil {
				return err
			}
			var result error
			if exitStatus {
				result = failures(b)
			}
			return a.completed(cmd.Context(), then, b, result)
		},
	}
	f := cmd.Flags()
	f.DurationVar(&timeout, "timeout", 0, "give up after this time, with exit code 8; the batch goes on")
	completionFlag(f, &completion, "command to run when the batch is complete")
	f.BoolVar(&exitStatus, "exit-status", false, "exit with 1 if some items failed")
	return cmd
}

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
		return b, cli.Failf(cli.ExitPending, "%s", incompleteLine(b))
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
