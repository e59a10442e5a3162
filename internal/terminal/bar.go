package terminal

import (
	"havip/internal/cli"
	"havip/internal/progress"
)

// NewBar begins to show something. Messages are written above the bar until the next one begins.
func (t *IO) NewBar(label string, total int64) *progress.Bar {
	bar := progress.Display{
		Terminal: t.Err,
		Draw:     cli.IsTerminal(t.Err) && t.Getenv("TERM") != "dumb" && !t.Quiet,
		ANSI:     t.Getenv("NO_COLOR") == "",
		Say:      t.Infof,
	}.Bar(label, total)
	t.bar.Store(bar)
	return bar
}
