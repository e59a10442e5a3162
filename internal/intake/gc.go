package intake

import (
	"runtime"
	"runtime/debug"

	"havip/internal/cli"
)

// GOGC while a file is checked and its items are enqueued, unless the environment sets it.
const (
	// checkingGC is below Go's default of 100: a check stores unique values, 45 MB for a million rows with
	// addresses and tokens, and late collection would double that.
	checkingGC = 50
	// producingGC is above it: enqueueing stores little but allocates much, and would spend a quarter of its time
	// on collection. It costs about 30 MiB.
	producingGC = 400
)

// collectAt sets GOGC until restore is called, which also collects, because the heap after the last collection
// schedules the next one.
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
