package worker

import (
	"context"
	"errors"

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
}

// Enter waits for the lane. An item of a suspended subnet gets a retry time with jitter, so that the items do
// not all return at once.
func (g laneGate) Enter(ctx context.Context, subnetID string) (tasks.Pass, error) {
	pass, err := g.gate.Enter(ctx, subnetID)
	return g.outcome(ctx, pass, err)
}

// EnterDeletion waits for the lane, but ignores a suspension for quota.
func (g laneGate) EnterDeletion(ctx context.Context) (tasks.Pass, error) {
	pass, err := g.gate.EnterDeletion(ctx)
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
	return lanePass{pass, g}, nil
}

type lanePass struct {
	pass *lane.Pass
	gate laneGate
}

// SuspendedFor returns the code of the suspension that the request probes.
func (p lanePass) SuspendedFor() string { return p.pass.SuspendedFor() }

// Done reports to the lane what the request proved about it.
func (p lanePass) Done(ctx context.Context, o tasks.Outcome) {
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
