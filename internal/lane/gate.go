package lane

import (
	"context"
	"sync/atomic"
	"time"

	"havip/internal/jitter"
)

// pollEvery is the minimum interval between two checks of a process whether its lane is still suspended. It also
// checks when a probe is due.
const pollEvery = time.Second

// Gate admits the requests of one process to a lane. It combines the circuit breaker, the rate and a slow start.
//
// Slow start: one request is in flight at a time until a request of this process succeeded without a fault of
// the lane, and again after each such fault. So a wrong key costs one call per process, not one per handler.
//
// Requests of one kind enter one at a time. The request that has the mutex waits for the slow start, the rate and the
// breaker, in this order, and all others of its kind wait behind it. The breaker is checked last, because a suspension that
// opens during the wait for the rate must still stop the request. While a lane is suspended, one request of each kind polls
// Redis, however many wait.
type Gate struct {
	breaker            *Breaker
	creates, deletions pace
	// sleep waits; tests replace it.
	sleep func(ctx context.Context, d time.Duration) error
	start slowStart
}

// pace is the rate of one kind of requests.
type pace struct {
	// mutex has one token; the request that put it in has the lock of the other fields. It is a channel so that waiting ends
	// with ctx.
	mutex chan struct{}
	// budget is nil if there is no limit.
	budget rate
	// reserved is the permit of a request that the rate admitted and that was not sent: the next request takes it and does not
	// wait for the rate.
	reserved *Permit
	// waiting counts the requests that wait or are being admitted.
	waiting atomic.Int64
}

// rate is the part of a [Budget] that a gate uses.
type rate interface {
	Take(ctx context.Context) (Permit, error)
	Refused(ctx context.Context, permit Permit, code, message string) (*Lowered, error)
	Lately() float64
}

// NewGate returns a gate over the breaker and the budgets of one lane's creates and deletions; a nil budget sets no limit. Use
// one gate per lane in a process, because each gate has its own slow start.
func NewGate(breaker *Breaker, creates, deletions *Budget) *Gate {
	g := &Gate{breaker: breaker, sleep: sleep}
	g.creates.mutex, g.deletions.mutex = make(chan struct{}, 1), make(chan struct{}, 1)
	g.start.changed = make(chan struct{})
	if creates != nil {
		g.creates.budget = creates
	}
	if deletions != nil {
		g.deletions.budget = deletions
	}
	return g
}

// Enter waits until a request for the subnet may be sent and returns a pass; the caller must call its Done. While
// the lane is suspended, Enter waits until ctx ends and then returns a [*SuspendedError] that wraps ctx's error.
// If the subnet is suspended, it returns a [*SuspendedError] without waiting for the suspension to end, since
// items of other subnets must continue.
func (g *Gate) Enter(ctx context.Context, subnetID string) (*Pass, error) {
	return g.enter(ctx, &g.creates, part(subnetID))
}

// EnterDeletion is [Gate.Enter] for a request that uses no quota: a lane that is suspended for its quota admits it.
// Its verdict then says nothing about that suspension. If deletions are suspended by themselves, as where the key may not delete, it
// returns a [*SuspendedError] at once.
func (g *Gate) EnterDeletion(ctx context.Context) (*Pass, error) {
	return g.enter(ctx, &g.deletions, deletions)
}

const (
	// fewWaiting creates always wait without a need to be fewer.
	fewWaiting = 4
	// waitingFor is the time for which as many creates may wait as are sent in it: longer than a worker needs to take another task.
	waitingFor = 500 * time.Millisecond
)

// Crowded reports whether so many creates wait for the lane that another task had better stay in its queue: there, a task
// with a higher priority or of a smaller batch still goes first.
func (g *Gate) Crowded() bool {
	allowed := int64(fewWaiting)
	if g.creates.budget != nil {
		allowed = max(allowed, int64(g.creates.budget.Lately()*waitingFor.Seconds()))
	}
	return g.creates.waiting.Load() >= allowed
}

// enter acquires the mutex of its kind and then waits for the lane.
func (g *Gate) enter(ctx context.Context, p *pace, of part) (*Pass, error) {
	if suspension, wait, ok := g.breaker.view.refusal(of, g.breaker.local()); ok {
		return nil, &SuspendedError{Suspension: suspension, RetryAfter: wait}
	}
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	select {
	case p.mutex <- struct{}{}:
		defer func() { <-p.mutex }()
	case <-ctx.Done():
		return nil, g.start.explain(ctx.Err())
	}
	for {
		if err := g.ready(ctx, p); err != nil {
			return nil, g.start.explain(err)
		}
		a, err := g.breaker.admit(ctx, of)
		if err != nil {
			return nil, err
		}
		g.start.learn(a)
		switch {
		case a.Allowed:
			if pass := g.admit(p, a); pass != nil {
				return pass, nil
			}
		case a.Suspension.Target != TargetLane:
			return nil, &SuspendedError{Suspension: *a.Suspension, RetryAfter: a.Wait}
		default:
			if err := g.sleep(ctx, pollDelay(a.Wait)); err != nil {
				return nil, &SuspendedError{Suspension: *a.Suspension, RetryAfter: a.Wait, cause: err}
			}
		}
	}
}

// ready waits for the slow start and the rate.
func (g *Gate) ready(ctx context.Context, p *pace) error {
	if err := g.start.wait(ctx); err != nil {
		return err
	}
	if p.reserved != nil || p.budget == nil {
		return ctx.Err()
	}
	permit, err := p.budget.Take(ctx)
	if err != nil {
		return err
	}
	p.reserved = &permit
	return nil
}

// admit issues the pass, or returns nil if the slow start was reset meanwhile.
func (g *Gate) admit(p *pace, a Admission) *Pass {
	generation, ok := g.start.enter(a.Probe)
	if !ok {
		return nil
	}
	pass := &Pass{gate: g, admission: a, generation: generation, budget: p.budget}
	if p.reserved != nil {
		pass.permit = *p.reserved
	}
	p.reserved = nil
	return pass
}

// pollDelay returns how long to wait before asking again about a suspension that lasts at least wait. The jitter
// keeps workers from asking in the same millisecond.
func pollDelay(wait time.Duration) time.Duration {
	if wait < pollEvery {
		return wait + jitter.Below(20*time.Millisecond)
	}
	return min(wait, pollEvery+jitter.Below(pollEvery/4))
}
