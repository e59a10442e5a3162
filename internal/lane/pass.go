package lane

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// doneTimeout bounds how long reporting a verdict to Redis may take. If the report is lost, a probe's permission
// expires, or the next request opens the suspension.
const doneTimeout = 5 * time.Second

// Pass is the permission to send one request.
type Pass struct {
	gate      *Gate
	admission Admission
	// budget admitted the request, in this permit; nil without a rate.
	budget     rate
	permit     Permit
	generation int
	done       atomic.Bool
}

// Probe reports whether the request probes whether a suspension is over.
func (p *Pass) Probe() bool { return p.admission.Probe }

// SuspendedFor returns the code of the suspension that the request probes; "" if it is not a probe.
func (p *Pass) SuspendedFor() string {
	if !p.admission.Probe {
		return ""
	}
	return p.admission.Suspension.Code
}

// Done reports the result of the request and returns what that changed for the lane. Only the first call counts, so
// that a deferred call with [Neutral] is safe. It ignores the end of ctx, because the verdict must be reported even
// if the handler is stopped.
func (p *Pass) Done(ctx context.Context, v Verdict) (Change, error) {
	if p.done.Swap(true) {
		return Change{}, nil
	}
	v = v.narrowedFor(p.admission)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), doneTimeout)
	defer cancel()
	// Requests that wait for this one must find its suspension, so leave comes last.
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
	if v.throttled != nil && p.budget != nil {
		lowered, lowerErr := p.budget.Refused(ctx, p.permit, v.throttled.Code, v.throttled.Message)
		change.Lowered, err = lowered, errors.Join(err, lowerErr)
	}
	return change, err
}
