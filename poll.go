package havip

import (
	"context"
	"time"
)

// Polling starts fast and slows down to twice a second.
const (
	paceFirst = 25 * time.Millisecond
	paceLast  = 500 * time.Millisecond
)

// pace delays polls. Its zero value is ready.
type pace struct{ last time.Duration }

// wait returns when the next poll is due, or with ctx's error.
func (p *pace) wait(ctx context.Context) error {
	p.last = min(max(paceFirst, 2*p.last), paceLast)
	timer := time.NewTimer(p.last)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reset makes polling fast again.
func (p *pace) reset() { p.last = 0 }
