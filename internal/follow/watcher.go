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
	each  func(context.Context) error
	bar   *progress.Bar
	stall stall
	// open is how many items were not finished when last read; progressed reports that one has finished since the first reading.
	open       int64
	progressed bool
	unknown    unknownAge
	// figures were measured at the time measured; their counts are newer.
	figures  progress.Figures
	measured time.Time
}

// Run shows the batch's progress until there is nothing more to wait for, and returns the batch as last read.
func (w *Watcher) Run(ctx context.Context) (b ledger.Batch, err error) {
	w.stall.session = w.Session
	poll := time.NewTicker(PollInterval)
	defer poll.Stop()
	defer w.end()
	for {
		now, err := w.read(ctx)
		if err != nil {
			return b, session.NotFound(err)
		}
		b, w.stall.answered = now, time.Now()
		if w.each != nil {
			if err := w.each(ctx); err != nil {
				return b, err
			}
		}
		w.show(ctx, b)
		if over, err := w.evaluate(ctx, b); over || err != nil {
			return b, err
		}
		if err := next(ctx, poll.C); err != nil {
			return b, err
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
	}
	w.stall.explain(ctx, w.reason(b), w.say)
	return false, nil
}

// reason finds why the batch is stalled.
func (w *Watcher) reason(b ledger.Batch) finder {
	return func(ctx context.Context) (kind, text string, err error) { return w.stall.ofBatch(ctx, b) }
}

// say writes a message above the bar.
func (w *Watcher) say(text string) { w.bar.Interrupt("%s", text) }

// obey ends the wait for a batch that its failures have paused, once its requests in flight and its deletions have ended:
// it stays paused until a user resumes it. The wait for a batch that a user paused continues.
func (w *Watcher) obey(b ledger.Batch) error {
	if !b.Pause.ByFailures() {
		w.stall.reportOnce("paused "+strconv.FormatInt(int64(b.Pause.At), 10), report.PauseText(b), w.say)
		return nil
	}
	running := b.Counts[ledger.Sending] > 0 || b.Unconfirmed > 0
	if running && time.Since(b.Pause.At.Time()) < stopGrace || b.Counts[ledger.Deleting] > 0 {
		return nil
	}
	return report.StoppedError(b, w.Resume)
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
	if open := b.Open(); open != w.open || w.stall.changed.IsZero() {
		w.progressed = !w.stall.changed.IsZero()
		w.open, w.stall.changed = open, time.Now()
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
