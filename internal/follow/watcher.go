package follow

import (
	"context"
	"strconv"
	"time"

	"havip/internal/progress"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/ledger"
)

const (
	// PollInterval is how often a followed batch is read, in one command of constant cost.
	PollInterval = 100 * time.Millisecond
	// stopGrace bounds the wait for requests in flight, and for confirmations, when failures have paused a
	// batch: a dead worker's requests stay in flight until another worker claims them.
	stopGrace = 40 * time.Second
	// measureEvery spaces the reads of a batch's rate.
	measureEvery = time.Second
)

// Watcher follows one batch.
type Watcher struct {
	*terminal.IO
	*session.Session
	Batch string
	// Resume says how to resume a batch that its failures have paused; "" stands for `enqueue resume`.
	Resume string
	// Over, if not nil, reports whether the wait for a paused batch ends.
	Over func(ledger.Batch) bool

	// each, if not nil, is called with each reading of the batch.
	each func(context.Context) error
	bar  *progress.Bar
	// changed is when an item last finished; reported is the kind of the last message.
	changed  time.Time
	open     int64
	reported string
	// unserved is the lane that had no worker at the first look.
	unserved string
	unknown  unknownAge
	// figures were measured at the time measured; their counts are newer.
	figures  progress.Figures
	measured time.Time
}

// Run shows the batch's progress until there is nothing more to wait for, and returns the batch as last read.
func (w *Watcher) Run(ctx context.Context) (b ledger.Batch, err error) {
	poll := time.NewTicker(PollInterval)
	defer poll.Stop()
	defer w.end()
	for {
		now, err := w.read(ctx)
		if err != nil {
			return b, session.NotFound(err)
		}
		b = now
		if w.each != nil {
			if err := w.each(ctx); err != nil {
				return b, err
			}
		}
		w.show(ctx, b)
		if over, err := w.evaluate(ctx, b); over || err != nil {
			return b, err
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return b, ctx.Err()
		}
	}
}

// evaluate reports whether there is nothing more to wait for.
func (w *Watcher) evaluate(ctx context.Context, b ledger.Batch) (over bool, err error) {
	switch {
	case b.Done():
		return true, nil
	case b.Pause != nil && w.Over != nil && w.Over(b):
		return true, nil
	case b.Pause != nil:
		return false, w.obey(b)
	case time.Since(w.changed) > stalledAfter:
		w.explain(ctx, b)
	}
	return false, nil
}

// obey ends the wait for a batch that its failures have paused, once its requests in flight and its deletions have ended:
// it stays paused until a user resumes it. The wait for a batch that a user paused continues.
func (w *Watcher) obey(b ledger.Batch) error {
	if !b.Pause.ByFailures() {
		w.reportOnce("paused "+strconv.FormatInt(int64(b.Pause.At), 10), report.PauseText(b))
		return nil
	}
	running := b.Counts[ledger.Sending] > 0 || b.Unconfirmed > 0
	if running && time.Since(b.Pause.At.Time()) < stopGrace || b.Counts[ledger.Deleting] > 0 {
		return nil
	}
	return report.StoppedError(b, w.Resume)
}

// reportOnce writes a message, unless the last one was of the same kind.
func (w *Watcher) reportOnce(kind, text string) {
	if kind != w.reported && text != "" {
		w.reported = kind
		w.bar.Interrupt("%s", text)
	}
}

// read reads the batch, and waits while Redis is unavailable.
func (w *Watcher) read(ctx context.Context) (ledger.Batch, error) {
	return WithRetry(ctx, w.Session, func() (ledger.Batch, error) { return w.Ledger.Batch(ctx, w.Batch) })
}

func (w *Watcher) end() {
	if w.bar != nil {
		w.bar.Finish()
	}
}

func (w *Watcher) show(ctx context.Context, b ledger.Batch) {
	if w.bar == nil {
		w.bar = w.NewBar(w.Batch, b.Total)
	}
	if open := b.Open(); open != w.open || w.changed.IsZero() {
		w.open, w.changed = open, time.Now()
	}
	if time.Since(w.measured) >= measureEvery {
		w.measured = time.Now()
		if figures, err := report.Figures(ctx, w.Session, b); err == nil { // that Redis is away is reported elsewhere
			w.figures = figures
		}
	}
	w.figures.Done, w.figures.Total = b.Total-b.Open(), b.Total
	w.bar.Show(w.figures, report.ProblemsFirst(b), w.unknown.text(ctx, w.Session, w.Batch))
}
