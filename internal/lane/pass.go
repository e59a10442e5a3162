package lane

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// doneTimeout bounds how long a verdict takes to reach Redis. What is lost is a probe's
// permission, which lapses, or a hold, which the next request opens.
const doneTimeout = 5 * time.Second

// Pass is the permission to send one request.
type Pass struct {
	gate       *Gate
	admission  Admission
	generation int
	done       atomic.Bool
}

// Probe reports whether the request is the one that tries whether a hold is over.
func (p *Pass) Probe() bool { return p.admission.Probe }

// SuspendedFor is the code of the hold that the request tries; "" where it tries none.
func (p *Pass) SuspendedFor() string {
	if !p.admission.Probe {
		return ""
	}
	return p.admission.Suspension.Code
}

// Done reports what became of the request, and what that changed for the lane. Only the first
// call counts, so that deferring one with [Neutral] is a safe habit. It outlives ctx, since a
// verdict is due also when the handler was told to stop.
func (p *Pass) Done(ctx context.Context, v Verdict) (Change, error) {
	if p.done.Swap(true) {
		return Change{}, nil
	}
	if p.admission.exempt {
		v = Neutral()
	}
	v = v.narrowedFor(p.admission)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), doneTimeout)
	defer cancel()
	// Who waits for this request must find its hold, so it is counted out last.
	defer p.gate.start.leave(p.generation, v.proof())
	return p.report(ctx, v)
}

func (p *Pass) report(ctx context.Context, v Verdict) (change Change, err error) {
	b, a := p.gate.breaker, p.admission
	switch {
	case v.fault != nil:
		change, err = b.Trip(ctx, a, *v.fault)
		if v.proof() == laneWell {
			cleared, clearErr := b.ClearLane(ctx, a)
			change.Cleared, err = cleared, errors.Join(err, clearErr)
		}
	case v.good:
		change.Cleared, err = b.Clear(ctx, a)
	default:
		err = b.Release(ctx, a)
	}
	return change, err
}
