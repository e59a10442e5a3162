package main

import (
	"runtime"
	"runtime/debug"
)

// What GOGC is while a file is checked and put in, unless the environment says otherwise.
const (
	// checkingGC is below Go's own 100, for a check keeps what must not come twice: of a million rows with
	// addresses and tokens, 45 MB, and collected late they would be as much again.
	checkingGC = 50
	// producingGC is above it, for putting in keeps little and makes much: a quarter of the time would go into
	// collecting it. So it costs some 30 MiB.
	producingGC = 400
)

// collectAt sets GOGC until it is called off. Then what was kept meanwhile is let go at once, for the next
// collection is measured by what the last one found.
func (a *app) collectAt(percent int) (callOff func()) {
	if a.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(percent)
	return func() {
		debug.SetGCPercent(before)
		runtime.GC()
	}
}
