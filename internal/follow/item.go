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
	w := itemWatcher{IO: t, stall: stall{session: s, changed: time.Now()}, batch: batch, key: key}
	for {
		over, err := w.look(ctx)
		if err == nil && !over {
			err = next(ctx, poll.C)
		}
		if over || err != nil {
			return w.end(ctx, err)
		}
	}
}

// itemWatcher follows one item.
type itemWatcher struct {
	*terminal.IO
	stall      stall
	batch, key string
	// item is as last read.
	item ledger.Item
}

// look reads the item, and reports whether there is nothing more to wait for.
func (w *itemWatcher) look(ctx context.Context) (over bool, err error) {
	item, paused, err := readItem(ctx, w.stall.session, w.batch, w.key)
	if err != nil {
		return false, err
	}
	w.item, w.stall.answered = item, time.Now()
	switch {
	case item.Record.Finished():
		return true, nil
	case paused && item.Record.PausedWithBatch():
		if err := pauseError(ctx, w.stall.session, w.batch); err != nil {
			return false, err
		}
	}
	w.stall.explain(ctx, w.reason, w.say)
	return false, nil
}

// end says why the item is not finished if the time is up.
func (w *itemWatcher) end(ctx context.Context, err error) error {
	if err != nil && w.stall.timeUp(ctx) {
		w.stall.explainEnd(ctx, w.reason, w.say)
	}
	return endError(ctx, w.IO, w.batch, err)
}

func (w *itemWatcher) reason(ctx context.Context) (kind, text string, err error) {
	return w.stall.ofItem(ctx, w.item)
}

func (w *itemWatcher) say(text string) { w.Infof("%s", text) }

// next waits for the next tick.
func next(ctx context.Context, tick <-chan time.Time) error {
	select {
	case <-tick:
		return nil
	case <-ctx.Done():
		return ctx.Err()
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
