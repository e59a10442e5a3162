package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"havip/internal/progress"
	"havip/internal/report"
	"havip/internal/session"
	"havip/ledger"
)

const (
	// pollInterval is how often a followed batch is read, in one command of constant cost.
	pollInterval = 100 * time.Millisecond
	// stopGrace bounds the wait for what was in flight when failures stopped a batch, and for its
	// confirmation: a dead worker's requests stand as in flight for as long as nobody goes on with them.
	stopGrace = 40 * time.Second
)

// watcher follows one batch.
type watcher struct {
	*app
	*session.Session
	batch string
	// goOn says how a batch that its failures stopped is let go on; "" is with resume.
	goOn string
	// over, if not nil, says that a batch which is held is not waited for any longer.
	over func(ledger.Batch) bool
	bar  *progress.Bar
	// changed is when an item last ended; told is what was last said about why none does.
	changed time.Time
	open    int64
	told    string
	// unserved is what a first look found that nobody serves.
	unserved string
	doubt    doubtWatch
}

func (w *watcher) run(ctx context.Context) (ledger.Batch, error) {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	defer w.end()
	for {
		b, err := w.read(ctx)
		if err != nil {
			return b, session.NotFound(err)
		}
		w.show(ctx, b)
		if over, err := w.judge(ctx, b); over || err != nil {
			return b, err
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return b, ctx.Err()
		}
	}
}

// judge reports whether there is nothing more to wait for.
func (w *watcher) judge(ctx context.Context, b ledger.Batch) (over bool, err error) {
	switch {
	case b.Done():
		return true, nil
	case b.Pause != nil && w.over != nil && w.over(b):
		return true, nil
	case b.Pause != nil:
		return false, w.heed(b)
	case time.Since(w.changed) > stillAfter:
		w.explain(ctx, b)
	}
	return false, nil
}

// heed is about a batch that is held. One that its failures stopped moves only when somebody acts, so that
// the waiting ends, once what was in flight or is rolled back has ended. A person who paused it will let it
// go on.
func (w *watcher) heed(b ledger.Batch) error {
	if !b.Pause.ByFailures() {
		w.tellOnce("held "+strconv.FormatInt(int64(b.Pause.At), 10), report.PauseText(b))
		return nil
	}
	underWay := b.Counts[ledger.Sending] > 0 || b.Unconfirmed > 0
	if underWay && time.Since(b.Pause.At.Time()) < stopGrace || b.Counts[ledger.Deleting] > 0 {
		return nil
	}
	return report.StoppedError(b, w.goOn)
}

// tellOnce says something, unless it was the last that was said.
func (w *watcher) tellOnce(kind, text string) {
	if kind != w.told && text != "" {
		w.told = kind
		w.bar.Interrupt("%s", text)
	}
}

// read reads the batch. A Redis that goes away while it is looked at is waited for.
func (w *watcher) read(ctx context.Context) (ledger.Batch, error) {
	passes := func(err error) bool {
		var missing *ledger.BatchNotFoundError
		return w.bar != nil && !errors.As(err, &missing)
	}
	tell := func(err error) { w.tellOnce("redis", stillLooking(err)) }
	return patiently(ctx, passes, tell, func() (ledger.Batch, error) { return w.Ledger.Batch(ctx, w.batch) })
}

func (w *watcher) end() {
	if w.bar != nil {
		w.bar.Finish()
	}
}

func (w *watcher) show(ctx context.Context, b ledger.Batch) {
	if w.bar == nil {
		w.bar = w.NewBar(w.batch, b.Total-b.Open(), b.Total)
	}
	if open := b.Open(); open != w.open || w.changed.IsZero() {
		w.open, w.changed = open, time.Now()
	}
	w.bar.Grow(b.Total)
	w.bar.Tell(b.Total-b.Open(), report.ProblemsFirst(b), w.doubt.line(ctx, w.Session, w.batch))
}
