package main

import (
	"havip/internal/cli"
	"havip/internal/progress"
)

// newBar begins to show something of which so much was done before.
func (a *app) newBar(label string, before, total int64) *progress.Bar {
	return progress.Display{
		Terminal: a.err,
		Draw:     cli.IsTerminal(a.err) && a.getenv("TERM") != "dumb" && !a.quiet,
		ANSI:     a.getenv("NO_COLOR") == "",
		Say:      a.say,
	}.Bar(label, before, total)
}
