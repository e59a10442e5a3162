package terminal

import (
	"havip/internal/cli"
	"havip/internal/progress"
)

// NewBar begins to show something.
func (t *IO) NewBar(label string, total int64) *progress.Bar {
	return progress.Display{
		Terminal: t.Err,
		Draw:     cli.IsTerminal(t.Err) && t.Getenv("TERM") != "dumb" && !t.Quiet,
		ANSI:     t.Getenv("NO_COLOR") == "",
		Say:      t.Infof,
	}.Bar(label, total)
}
