package redistest

import (
	"context"
	"testing"
	"time"
)

// Poll waits until ready has no error: neither a cluster nor a sentinel says when it is in order.
func Poll(tb testing.TB, what string, ready func(context.Context) error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			tb.Fatalf("%s: %v", what, err)
		}
	}
}
