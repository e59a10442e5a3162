package main

import (
	"runtime"
	"runtime/debug"
)

// producingGC is GOGC while a file is put in: at Go's own 100, a quarter of the producer's time would go into
// collecting what it has just made. It keeps so little at a time that this costs some 30 MiB.
const producingGC = 400

// collectLess lets garbage lie for longer until it is called off, unless GOGC says what is wanted.
func (a *app) collectLess() (callOff func()) {
	if a.getenv("GOGC") != "" {
		return func() {}
	}
	runtime.GC() // what checking the file took is not what the next collection is to be measured by
	before := debug.SetGCPercent(producingGC)
	return func() { debug.SetGCPercent(before) }
}
