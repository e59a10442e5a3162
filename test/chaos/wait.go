//go:build unix

package main

import (
	"context"
	"time"
)

// pause waits, and reports whether it did so to the end. A schedule is made of moments, so this is
// no wait for anything to happen.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
