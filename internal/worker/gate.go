package worker

import (
	"context"
	"errors"
	"sync"

	"github.com/rs/zerolog"

	"havip/internal/jitter"
	"havip/internal/lane"
	"havip/tasks"
)

// laneGate adapts a lane's gate to the interface of package tasks.
type laneGate struct {
	gate     *lane.Gate
	lane     tasks.Lane
	observer Observer
	log      zerolog.Logger
	// inFlight has a token for each request that may be sent now or has not been answered. Its capacity is the lane's concurrency.
	inFlight chan struct{}
}

// Enter waits until fewer requests are in flight than the lane's concurrency, and then for the lane. An item of a suspended subnet gets a retry time with jitter, so that the items do
// not all return at once.
func (g laneGate) Enter(ctx context.Context, subnetID string) (tasks.Pass, error) {
	return g.enter(ctx, func() (*lane.Pass, error) { return g.gate.Enter(ctx, subnetID) })
}

// EnterDeletion is Enter for a deletion, but ignores a suspension for quota.
func (g laneGate) EnterDeletion(ctx context.Context) (tasks.Pass, error) {
	return g.enter(ctx, func() (*lane.Pass, error) { return g.gate.EnterDeletion(ctx) })
}

func (g laneGate) enter(ctx context.Context, admit func() (*lane.Pass, error)) (tasks.Pass, error) {
	select {
	case g.inFlight <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	pass, err := admit()
	if err != nil {
		<-g.inFlight
	}
	return g.outcome(ctx, pass, err)
}

func (g laneGate) outcome(ctx context.Context, pass *lane.Pass, err error) (tasks.Pass, error) {
	var suspended *lane.SuspendedError
	if errors.As(err, &suspended) && ctx.Err() == nil {
		return nil, &tasks.Postpone{After: suspended.RetryAfter + jitter.Below(suspended.RetryAfter+1), Reason: suspended.Error()}
	}
	if err != nil {
		return nil, err
	}
	return lanePass{pass, g, sync.OnceFunc(func() { <-g.inFlight })}, nil
}

type lanePass struct {
	pass *lane.Pass
	gate laneGate
	// leave says that the request is not in flight any more. It may be called again.
	leave func()
}

// SuspendedFor returns the code of the suspension that the request probes.
func (p lanePass) SuspendedFor() string { return p.pass.SuspendedFor() }

// Done reports to the lane what the request proved about it.
func (p lanePass) Done(ctx context.Context, o tasks.Outcome) {
	defer p.leave()
	change, err := p.pass.Done(ctx, verdictOf(o))
	if err != nil {
		p.gate.log.Warn().Err(err).Msg("the request's result was not recorded for its lane")
	}
	logChange(p.gate.log, change)
	for _, suspension := range change.Opened {
		p.gate.observer.Suspended(p.gate.lane, suspension.Code)
	}
}

// logChange logs how a request changed the lane's suspensions and rate.
func logChange(log zerolog.Logger, change lane.Change) {
	for _, suspension := range change.Opened {
		log.Error().Stringer("suspension", suspension).Str("code", suspension.Code).
			Msg("suspended: items are waiting and no attempts are counted; one item at a time probes")
	}
	for _, suspension := range change.Extended {
		log.Warn().Stringer("suspension", suspension).Int("failures", suspension.Failures).Time("probe_at", suspension.ProbeAt).
			Msg("still suspended: the probe failed")
	}
	for _, suspension := range change.Cleared {
		log.Info().Stringer("suspension", suspension).Msg("no longer suspended")
	}
	if lowered := change.Lowered; lowered != nil {
		level := zerolog.DebugLevel
		if lowered.First {
			level = zerolog.WarnLevel
		}
		log.WithLevel(level).Str("operation", string(lowered.Operation)).Float64("rps", lowered.RPS).
			Msg("BCE refuses requests for their rate: all workers send fewer, and more again while BCE accepts them")
	}
}

// verdictOf returns what an outcome proves about the lane. A lost or unsent request proves nothing.
func verdictOf(o tasks.Outcome) lane.Verdict {
	switch o.Class {
	case tasks.ClassThrottled:
		return lane.Throttled(o.Code, o.Message)
	case tasks.ClassLaneFault:
		return lane.Faulty(lane.TargetOf(o.Scope), o.Code, o.Message)
	case tasks.ClassCreated, tasks.ClassRejected, tasks.ClassMismatch, tasks.ClassDeleted, tasks.ClassNotFound, tasks.ClassRefused:
		return lane.Good()
	default:
		return lane.Neutral()
	}
}
