package bubbletest

import (
	"testing"
	"testing/synctest"
)

// bubbles are those that run at once. What is in one costs the race detector some 30 MiB, and waits for
// processors alone.
var bubbles = make(chan struct{}, 3)

// Run runs the test in a bubble of its own.
func Run(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	bubbles <- struct{}{}
	defer func() { <-bubbles }()
	synctest.Test(t, test)
}
