// Package progress shows on a terminal, or in a log, how far something is.
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

// LineEvery spaces progress lines where there is no terminal: calm enough for a CI log.
const LineEvery = 5 * time.Second

// Display is where bars are shown.
type Display struct {
	// Terminal is drawn on, if Draw says so.
	Terminal io.Writer
	Draw     bool
	// ANSI lets a bar use the terminal's control codes.
	ANSI bool
	// Say writes a line, and makes its arguments harmless.
	Say func(format string, args ...any)
}

// Bar shows how far something is: on a terminal a bar, and the details in a line below it; elsewhere a
// line now and then, if there is news.
type Bar struct {
	on    Display
	label string
	total int64
	drawn *progressbar.ProgressBar
	once  sync.Once
	pace  pace
	// last is when a line was written, and said what it was.
	last time.Time
	said string
	// up is set while the bar is to be seen, and below is what the line below it shows.
	up    bool
	below string
}

// Bar begins to show something.
func (d Display) Bar(label string, total int64) *Bar {
	b := &Bar{on: d, label: render.Printable(label), total: total, last: time.Now()}
	if d.Draw && total > 0 {
		b.drawn = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(d.Terminal),
			progressbar.OptionSetDescription(b.label),
			progressbar.OptionSetWidth(barWidth),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(false), // its own is 0 s when nothing moves
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionUseANSICodes(d.ANSI),
			progressbar.OptionClearOnFinish(),
		)
	}
	return b
}

// Grow is for what becomes more meanwhile.
func (b *Bar) Grow(total int64) {
	if total == b.total {
		return
	}
	b.total = total
	if b.drawn != nil {
		b.drawn.ChangeMax64(max(1, total))
	}
}

// Set shows n of the total.
func (b *Bar) Set(n int64) { b.Tell(n, "", "") }

// Tell shows n of the total, at the speed since the bar began, and what else there is to know.
func (b *Bar) Tell(n int64, news, aging string) {
	now := time.Now()
	b.pace.note(now, n)
	b.Show(Figures{Done: n, Total: b.total, Rate: b.pace.perSecond(now, n)}, news, aging)
}

// Show shows figures, and what else there is to know. That something grew older is no news.
func (b *Bar) Show(f Figures, news, aging string) {
	b.Grow(f.Total)
	n, detail := f.Done, strings.Trim(aging+"; "+news, "; ")
	switch {
	case b.drawn != nil && n >= b.total:
		b.clear() // the library ends a bar that is full, and more may come
	case b.drawn != nil:
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

// barWidth is that of the bar itself, where there is room, and barLeast where there is little.
const barWidth, barLeast = 30, 10

// draw fits both lines into the terminal's width: a line that is wrapped leaves its remains behind. A
// terminal that cannot be written to needs no bar.
func (b *Bar) draw(f Figures, detail string) {
	b.up = true
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

// title is what stands before the bar, as far as there is room beside the shortest bar.
func (b *Bar) title(width int) string {
	room := width - len(" 100% || (/) ") - barLeast - 2*len(words.Number(b.total)) - 1
	return runewidth.Truncate(b.label, max(1, room), "…")
}

func (b *Bar) write(text string) { _, _ = fmt.Fprint(b.on.Terminal, text) }

// Clear makes room for what somebody else writes; the next set draws the bar again. A nil bar has nothing to clear.
func (b *Bar) Clear() {
	if b != nil {
		b.clear()
	}
}

// clear takes both lines off the terminal; what is set next draws them again.
func (b *Bar) clear() {
	if !b.up {
		return
	}
	b.write("\r\x1b[J")
	b.up, b.below = false, ""
}

// Interrupt makes room for a line of talk; the next set draws the bar again.
func (b *Bar) Interrupt(format string, args ...any) {
	b.clear()
	b.on.Say(format, args...)
}

// Finish removes the bar. It may be called more than once.
func (b *Bar) Finish() { b.once.Do(b.clear) }
