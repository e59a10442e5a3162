package lane

import (
	"context"
	"time"

	"havip/internal/jitter"
)

// pollEvery is how often, at most, a process asks Redis whether its lane is still held. It asks
// once more at the moment a probe is due.
const pollEvery = time.Second

// Gate is a lane's permission to send, in one process: its breaker, its rate, and a slow start.
//
// Slow start: until a request of this process was answered without a fault of the lane, and
// again after each such fault, one request is in flight at a time. So a wrong key costs one call
// a process, and not as many as there are handlers.
//
// Requests take turns: the one whose turn it is waits for the slow start, the rate and the
// breaker, in this order, and all others wait behind it. The breaker comes last, for a hold that
// opens during the wait for the rate must still stop the request. And a held lane has one
// request that asks Redis whether it is over, however many wait.
type Gate struct {
	breaker *Breaker
	// rate is nil when the lane has no limit.
	rate rate
	// sleep waits; tests give their own.
	sleep func(ctx context.Context, d time.Duration) error
	// mutex holds one token: whoever has put it in has the turn.
	mutex chan struct{}
	// reserved: the rate admitted a request that then was not sent, so the next need not ask.
	// It belongs to whoever has the turn.
	reserved bool
	start    slowStart
}

// rate is what a gate needs of a [Budget].
type rate interface {
	Wait(ctx context.Context) error
}

// NewGate returns a gate over the breaker and the budget of one lane; a nil budget sets no
// limit. A process needs one gate for a lane, since two would each start slowly by themselves.
func NewGate(breaker *Breaker, budget *Budget) *Gate {
	g := &Gate{breaker: breaker, sleep: sleep, mutex: make(chan struct{}, 1)}
	g.start.changed = make(chan struct{})
	if budget != nil {
		g.rate = budget
	}
	return g
}

// Wait returns nil once the lane's rate admits one request, whatever is held: it is for requests
// that report no verdict, such as reads. Use [Gate.Enter] for creates.
func (g *Gate) Wait(ctx context.Context) error {
	if g.rate == nil {
		return ctx.Err()
	}
	return g.rate.Wait(ctx)
}

// Enter waits until a request for the subnet may be sent, and returns a pass whose Done the
// caller owes. While the lane is held it waits, until ctx ends; the error is then a [*SuspendedError]
// around that of ctx. For a held subnet it answers with a [*SuspendedError] at once or at its turn,
// since items of other subnets must go on.
func (g *Gate) Enter(ctx context.Context, subnetID string) (*Pass, error) {
	if suspension, wait, ok := g.breaker.view.refusal(subnetID, g.breaker.local()); ok {
		return nil, &SuspendedError{Suspension: suspension, RetryAfter: wait}
	}
	return g.enter(ctx, subnetID, func(Suspension) bool { return false })
}

// EnterDeletion is [Gate.Enter] for a request that uses nothing up: a lane that is held for its quota
// does not hold it back. What it comes to then says nothing about that.
func (g *Gate) EnterDeletion(ctx context.Context) (*Pass, error) {
	return g.enter(ctx, "", Suspension.isForQuota)
}

// enter waits for its turn, and then for the lane, except for what it is spared.
func (g *Gate) enter(ctx context.Context, subnetID string, isExempt func(Suspension) bool) (*Pass, error) {
	select {
	case g.mutex <- struct{}{}:
		defer func() { <-g.mutex }()
	case <-ctx.Done():
		return nil, g.start.explain(ctx.Err())
	}
	for {
		if err := g.ready(ctx); err != nil {
			return nil, g.start.explain(err)
		}
		a, err := g.breaker.Admit(ctx, subnetID)
		if err != nil {
			return nil, err
		}
		g.start.learn(a)
		if !a.Allowed && isExempt(*a.Suspension) {
			a = Admission{Allowed: true, exempt: true}
		}
		switch {
		case a.Allowed:
			if pass := g.admit(a); pass != nil {
				return pass, nil
			}
		case a.Suspension.Target == TargetSubnet:
			return nil, &SuspendedError{Suspension: *a.Suspension, RetryAfter: a.Wait}
		default:
			if err := g.sleep(ctx, pollDelay(a.Wait)); err != nil {
				return nil, &SuspendedError{Suspension: *a.Suspension, RetryAfter: a.Wait, cause: err}
			}
		}
	}
}

// ready waits for the slow start and the rate.
func (g *Gate) ready(ctx context.Context) error {
	if err := g.start.wait(ctx); err != nil {
		return err
	}
	if g.reserved || g.rate == nil {
		return ctx.Err()
	}
	if err := g.rate.Wait(ctx); err != nil {
		return err
	}
	g.reserved = true
	return nil
}

// admit makes out the pass, or returns nil if the slow start has begun anew meanwhile.
func (g *Gate) admit(a Admission) *Pass {
	generation, ok := g.start.enter(a.Probe)
	if !ok {
		return nil
	}
	g.reserved = false
	return &Pass{gate: g, admission: a, generation: generation}
}

// pollDelay is how long to wait before asking again about a hold that lasts at least wait.
// The jitter keeps a fleet from asking in the same millisecond.
func pollDelay(wait time.Duration) time.Duration {
	if wait < pollEvery {
		return wait + jitter.Below(20*time.Millisecond)
	}
	return min(wait, pollEvery+jitter.Below(pollEvery/4))
}
