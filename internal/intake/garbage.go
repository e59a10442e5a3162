package intake

import (
	"runtime"
	"runtime/debug"

	"havip/internal/cli"
)

// What GOGC is while a file is checked and its items are enqueued, unless the environment sets it.
const (
	// checkingGC is below Go's own 100: a check keeps what must be unique, 45 MB for a million rows with
	// addresses and tokens, and collected late it would take as much again.
	checkingGC = 50
	// producingGC is above it: enqueueing keeps little and allocates much, and a quarter of its time would go
	// into collection. It costs about 30 MiB.
	producingGC = 400
)

// collectAt sets GOGC until restore is called, which also collects: the next collection is scheduled by what
// the last one found in use.
func collectAt(getenv cli.Getenv, percent int) (restore func()) {
	if getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(percent)
	return func() {
		debug.SetGCPercent(before)
		runtime.GC()
	}
}
