package create

import (
	"context"
	"time"

	"havip/internal/cli"
	"havip/internal/follow"
	"havip/internal/render"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/ledger"
	"havip/tasks"
)

// awaitItem waits until the one item is finished.
func awaitItem(ctx context.Context, t *terminal.IO, s *session.Session, batch, key string) error {
	poll := time.NewTicker(follow.PollInterval)
	defer poll.Stop()
	for {
		item, paused, err := read(ctx, s, batch, key)
		switch {
		case err != nil:
			return follow.EndError(ctx, t, batch, err)
		case item.Record.Finished():
			return nil
		case paused && item.Record.PausedWithBatch():
			if err := pauseError(ctx, s, batch); err != nil {
				return err
			}
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return follow.EndError(ctx, t, batch, ctx.Err())
		}
	}
}

// read reads the item, and whether its batch is paused.
func read(ctx context.Context, s *session.Session, batch, key string) (item ledger.Item, paused bool, err error) {
	item, err = follow.WithRetry(ctx, s, func() (item ledger.Item, err error) {
		item, paused, err = s.Ledger.ItemAndPause(ctx, batch, key)
		return item, err
	})
	return item, paused, err
}

func printItem(ctx context.Context, t *terminal.IO, s *session.Session, batch, key string) error {
	item, err := s.Ledger.Item(ctx, batch, key)
	if err != nil {
		return err
	}
	var damaged report.Damage
	result, err := report.Result(ctx, s, item, report.FilterOf(t).Attempts, &damaged)
	if err != nil {
		return err
	}
	if err := terminal.Print(t, render.Results(), []tasks.Result{result}); err != nil {
		return err
	}
	if state := item.Record.State; state == ledger.Rejected || state == ledger.Review {
		return cli.Failf(cli.ExitItemsFailed, "%s/%s: %s: %s: %s", batch, key, state, render.Printable(item.Record.Code), render.Printable(item.Record.Message))
	}
	return damaged.Err(t, batch, "the rest is shown")
}

// howToRetry says how to retry a failed item.
func howToRetry(batch, key string, state ledger.State) string {
	switch state {
	case ledger.Rejected, ledger.Review, ledger.Canceled:
		return "; `enqueue retry " + shell.Operand(batch, "--where", "key="+shell.Quote(key)) + "` retries it"
	default:
		return ""
	}
}

// pauseError ends the wait for an item of a paused batch.
func pauseError(ctx context.Context, s *session.Session, batch string) error {
	b, err := s.Ledger.Batch(ctx, batch)
	switch {
	case err != nil:
		return err
	case b.Pause != nil && !b.Pause.ByFailures():
		return cli.Failf(cli.ExitPending, "the item is not created while its batch is paused: %s", report.PauseText(b))
	case b.Pause != nil:
		return report.StoppedError(b, "")
	}
	return nil
}
