package havip

import (
	"context"
	"time"
)

// What is waited for is asked for soon at first, and then twice a second.
const (
	paceFirst = 25 * time.Millisecond
	paceLast  = 500 * time.Millisecond
)

// pace spaces questions whose answer nobody announces. Its zero value is ready.
type pace struct{ last time.Duration }

// wait returns when it is time to ask again, or with ctx's error.
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

// reset has the next question come soon: things are moving.
func (p *pace) reset() { p.last = 0 }
