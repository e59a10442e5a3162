package main

import (
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"havip/internal/cli"
)

// lineEvery spaces progress lines where there is no terminal: calm enough for a CI log.
const lineEvery = 5 * time.Second

// bar shows how far something is: a bar on a terminal, a line now and then elsewhere.
type bar struct {
	app   *app
	label string
	total int64
	drawn *progressbar.ProgressBar
	last  time.Time
	once  sync.Once
	// before is how far it was when it began to be shown: no part of what goes on now, nor of its speed.
	before int64
}

func (a *app) newBar(label string, before, total int64) *bar {
	b := &bar{app: a, label: label, total: total, last: time.Now(), before: before}
	if cli.IsTerminal(a.err) && total > 0 {
		b.drawn = progressbar.NewOptions64(max(1, total-before),
			progressbar.OptionSetWriter(a.err),
			progressbar.OptionSetDescription(label),
			progressbar.OptionSetWidth(30),
			progressbar.OptionShowCount(),
			progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("items"),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionUseANSICodes(a.getenv("NO_COLOR") == ""),
			progressbar.OptionClearOnFinish(),
		)
	}
	return b
}

// set shows n of the total; detail follows in lines, where there is room for it.
func (b *bar) set(n int64, detail ...string) {
	if b.drawn != nil {
		_ = b.drawn.Set64(n - b.before) // a terminal that cannot be written to needs no bar
		return
	}
	if time.Since(b.last) < lineEvery {
		return
	}
	b.last = time.Now()
	text := ""
	if len(detail) > 0 {
		text = ": " + detail[0]
	}
	b.app.say("%s: %s of %s%s", b.label, number(n), number(b.total), text)
}

// interrupt clears the bar for a line of talk; the next set draws it again.
func (b *bar) interrupt(format string, args ...any) {
	if b.drawn != nil {
		_ = b.drawn.Clear()
	}
	b.app.say(format, args...)
}

// finish removes the bar. It may be called more than once.
func (b *bar) finish() {
	b.once.Do(func() {
		if b.drawn != nil {
			_ = b.drawn.Clear()
		}
	})
}
