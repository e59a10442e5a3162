package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/schollz/progressbar/v3"

	"havip/internal/cli"
	"havip/internal/render"
)

// lineEvery spaces progress lines where there is no terminal: calm enough for a CI log.
const lineEvery = 5 * time.Second

// bar shows how far something is: on a terminal a bar, and the details in a line below it; elsewhere a
// line now and then, if there is news.
type bar struct {
	app   *app
	label string
	total int64
	drawn *progressbar.ProgressBar
	once  sync.Once
	// before is how far it was when it began to be shown: no part of what goes on now, nor of its speed.
	before int64
	pace   pace
	// last is when a line was written, and said what it was.
	last time.Time
	said string
	// up is set while the bar is to be seen, and below is what the line below it shows.
	up    bool
	below string
}

// newBar begins to show something of which so much was done before.
func (a *app) newBar(label string, before, total int64) *bar {
	b := &bar{app: a, label: render.Printable(label), total: total, last: time.Now(), before: before}
	if cli.IsTerminal(a.err) && a.getenv("TERM") != "dumb" && total > before && !a.quiet {
		b.drawn = progressbar.NewOptions64(total-before,
			progressbar.OptionSetWriter(a.err),
			progressbar.OptionSetDescription(b.label),
			progressbar.OptionSetWidth(barWidth),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(false), // its own is 0 s when nothing moves
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionUseANSICodes(a.getenv("NO_COLOR") == ""),
			progressbar.OptionClearOnFinish(),
		)
	}
	return b
}

// grow is for what becomes more meanwhile.
func (b *bar) grow(total int64) {
	if total == b.total {
		return
	}
	b.total = total
	if b.drawn != nil {
		b.drawn.ChangeMax64(max(1, total-b.before))
	}
}

// set shows n of the total.
func (b *bar) set(n int64) { b.tell(n, "", "") }

// tell shows n of the total, and what else there is to know. That something grew older is no news.
func (b *bar) tell(n int64, news, aging string) {
	b.pace.note(time.Now(), n)
	detail := strings.Trim(aging+"; "+news, "; ")
	switch {
	case b.drawn != nil && n >= b.total:
		b.clear() // the library ends a bar that is full, and more may come
	case b.drawn != nil:
		b.draw(n, detail)
	case number(n)+news != b.said && time.Since(b.last) >= lineEvery:
		b.said, b.last = number(n)+news, time.Now()
		b.line(n, detail)
	}
}

func (b *bar) line(n int64, detail string) {
	text := fmt.Sprintf("%s: %s of %s", b.label, number(n), number(b.total))
	if pace := b.pace.describe(time.Now(), n, b.total); pace != "" {
		text += ", " + pace
	}
	if detail != "" {
		text += ": " + detail
	}
	b.app.say("%s", text)
}

// barWidth is that of the bar itself, where there is room, and barLeast where there is little.
const barWidth, barLeast = 30, 10

// draw fits both lines into the terminal's width: a line that is wrapped leaves its remains behind. A
// terminal that cannot be written to needs no bar.
func (b *bar) draw(n int64, detail string) {
	b.up = true
	width := cli.TerminalWidth(b.app.err, 80)
	b.drawn.Describe(b.title(n, width))
	_ = b.drawn.Set64(n - b.before)
	if detail = runewidth.Truncate(detail, width-1, "…"); detail != b.below {
		b.below = detail
		b.write(fmt.Sprintf("\n\x1b[2K%s\x1b[F", detail))
	}
}

// title is what stands before the bar: what it is about and how fast it goes on, as far as there is room
// beside the shortest bar.
func (b *bar) title(n int64, width int) string {
	toCome := number(b.total - b.before)
	room := width - len(" 100% || (/) ") - barLeast - 2*len(toCome) - 1
	pace := b.pace.describe(time.Now(), n, b.total)
	if pace != "" {
		pace = " " + pace
	}
	if runewidth.StringWidth(pace) > room/2 {
		pace = ""
	}
	return runewidth.Truncate(b.label, max(1, room-runewidth.StringWidth(pace)), "…") + pace
}

func (b *bar) write(text string) { _, _ = fmt.Fprint(b.app.err, text) }

// clear takes both lines off the terminal; what is set next draws them again.
func (b *bar) clear() {
	if !b.up {
		return
	}
	b.write("\r\x1b[J")
	b.up, b.below = false, ""
}

// interrupt makes room for a line of talk; the next set draws the bar again.
func (b *bar) interrupt(format string, args ...any) {
	b.clear()
	b.app.say(format, args...)
}

// finish removes the bar. It may be called more than once.
func (b *bar) finish() { b.once.Do(b.clear) }
