// Package progress shows progress on a terminal or in a log.
package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/schollz/progressbar/v3"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/internal/words"
)

// LineEvery is the minimum time between progress lines without a terminal, such as in a CI log.
const LineEvery = 5 * time.Second

// drawEvery is how often a bar is drawn at most.
const drawEvery = 100 * time.Millisecond

// Display is where bars are shown.
type Display struct {
	// Terminal is where bars are drawn, if Draw is set.
	Terminal io.Writer
	Draw     bool
	// ANSI allows the terminal's control codes.
	ANSI bool
	// Say writes a line and escapes control characters in its arguments.
	Say func(format string, args ...any)
}

// Bar shows progress: on a terminal, a bar with a line of details below it; otherwise an occasional line
// if there is news.
type Bar struct {
	on    Display
	label string
	total int64
	drawn *progressbar.ProgressBar
	once  sync.Once
	pace  pace
	// last is when a line was written, and said is its text.
	last time.Time
	said string
	// drawing guards the fields below and the terminal, where others write too; see [Bar.Above].
	drawing sync.Mutex
	// up is set while the bar is visible, and below is the line below it.
	up    bool
	below string
	// figures and detail are what was drawn last.
	figures Figures
	detail  string
}

// Bar returns a new bar.
func (d Display) Bar(label string, total int64) *Bar {
	b := &Bar{on: d, label: render.Printable(label), total: total, last: time.Now()}
	if d.Draw && total > 0 {
		b.drawn = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(d.Terminal),
			progressbar.OptionSetDescription(b.label),
			progressbar.OptionSetWidth(barWidth),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(false), // its own is 0 s without progress
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionThrottle(drawEvery),
			progressbar.OptionUseANSICodes(d.ANSI),
			progressbar.OptionClearOnFinish(),
		)
	}
	return b
}

// Grow increases the total.
func (b *Bar) Grow(total int64) {
	if total == b.total {
		return
	}
	b.total = total
	if b.drawn != nil {
		b.drawing.Lock()
		defer b.drawing.Unlock()
		b.drawn.ChangeMax64(max(1, total))
	}
}

// Set shows n of the total.
func (b *Bar) Set(n int64) { b.Tell(n, "", "") }

// Tell shows n of the total, the rate since the bar was created, and details.
func (b *Bar) Tell(n int64, news, aging string) {
	now := time.Now()
	b.pace.note(now, n)
	b.Show(Figures{Done: n, Total: b.total, Rate: b.pace.perSecond(now, n)}, news, aging)
}

// Show shows figures and details. An increased age is not news.
func (b *Bar) Show(f Figures, news, aging string) {
	b.Grow(f.Total)
	n, detail := f.Done, strings.Trim(aging+"; "+news, "; ")
	switch {
	case b.drawn != nil && n >= b.total:
		b.clear() // the library ends a full bar, but the total may grow
	case b.drawn != nil:
		b.drawing.Lock()
		defer b.drawing.Unlock()
		b.draw(f, detail)
	case words.Number(n)+news != b.said && time.Since(b.last) >= LineEvery:
		b.said, b.last = words.Number(n)+news, time.Now()
		b.line(f, detail)
	}
}

func (b *Bar) line(f Figures, detail string) {
	text := b.label + ": " + f.Text(time.Now())
	if detail != "" {
		text += ": " + detail
	}
	b.on.Say("%s", text)
}

// barWidth is the width of the bar, and barLeast its minimum.
const barWidth, barLeast = 30, 10

// draw fits both lines into the terminal's width, because a wrapped line could not be cleared. It ignores write
// errors.
func (b *Bar) draw(f Figures, detail string) {
	b.up, b.figures, b.detail = true, f, detail
	width := cli.TerminalWidth(b.on.Terminal, 80)
	b.drawn.Describe(b.title(width))
	_ = b.drawn.Set64(f.Done)
	if pace := f.Pace(time.Now()); pace != "" {
		detail = strings.TrimSuffix(pace+" · "+detail, " · ")
	}
	if detail = runewidth.Truncate(detail, width-1, "…"); detail != b.below {
		b.below = detail
		b.write(fmt.Sprintf("\n\x1b[2K%s\x1b[F", detail))
	}
}

// title returns the text before the bar, cut so that the shortest bar fits.
func (b *Bar) title(width int) string {
	room := width - len(" 100% || (/) ") - barLeast - 2*len(words.Number(b.total)) - 1
	return runewidth.Truncate(b.label, max(1, room), "…")
}

func (b *Bar) write(text string) { _, _ = fmt.Fprint(b.on.Terminal, text) }

// Clear removes the bar for other output; the next Set draws it again. A nil bar does nothing.
func (b *Bar) Clear() {
	if b != nil {
		b.clear()
	}
}

// Above removes the bar, calls write, which writes whole lines, and draws the bar again below them. The bar may be invisible or
// nil. It is safe for concurrent use.
func (b *Bar) Above(write func()) {
	if b == nil || b.drawn == nil {
		write()
		return
	}
	b.drawing.Lock()
	defer b.drawing.Unlock()
	seen := b.up
	b.erase()
	write()
	if seen {
		progressbar.OptionThrottle(0)(b.drawn) // the next update may be far away
		b.draw(b.figures, b.detail)
		progressbar.OptionThrottle(drawEvery)(b.drawn)
	}
}

// clear removes both lines; the next update draws them again.
func (b *Bar) clear() {
	b.drawing.Lock()
	defer b.drawing.Unlock()
	b.erase()
}

func (b *Bar) erase() {
	if !b.up {
		return
	}
	b.write("\r\x1b[J")
	b.up, b.below = false, ""
}

// Interrupt removes the bar for a message; the next Set draws it again.
func (b *Bar) Interrupt(format string, args ...any) {
	b.clear()
	b.on.Say(format, args...)
}

// Finish removes the bar. It may be called more than once.
func (b *Bar) Finish() { b.once.Do(b.clear) }
