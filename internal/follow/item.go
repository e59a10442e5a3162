package follow

import (
	"context"
	"time"

	"havip/internal/cli"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/ledger"
)

// Item waits until one item is finished. Like [Watcher.Follow], it says why that takes long, and how to resume watching when the
// command is interrupted or ctx's deadline passes. The wait for an item that is paused with its batch ends at once.
func Item(ctx context.Context, t *terminal.IO, s *session.Session, batch, key string) error {
	poll := time.NewTicker(PollInterval)
	defer poll.Stop()
	stalled, show := stall{session: s, changed: time.Now()}, func(text string) { t.Infof("%s", text) }
	for {
		item, paused, err := readItem(ctx, s, batch, key)
		switch {
		case err != nil:
			return endError(ctx, t, batch, err)
		case item.Record.Finished():
			return nil
		case paused && item.Record.PausedWithBatch():
			if err := pauseError(ctx, s, batch); err != nil {
				return err
			}
		}
		reason := func(ctx context.Context) (kind, text string, err error) { return stalled.ofItem(ctx, item) }
		stalled.explain(ctx, reason, show)
		select {
		case <-poll.C:
		case <-ctx.Done():
			if expired(ctx) {
				stalled.explainEnd(ctx, reason, show)
			}
			return endError(ctx, t, batch, ctx.Err())
		}
	}
}

// readItem reads the item, and whether its batch is paused.
func readItem(ctx context.Context, s *session.Session, batch, key string) (item ledger.Item, paused bool, err error) {
	item, err = WithRetry(ctx, s, func() (item ledger.Item, err error) {
		item, paused, err = s.Ledger.ItemAndPause(ctx, batch, key)
		return item, err
	})
	return item, paused, err
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
