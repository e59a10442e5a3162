package worker

import (
	"context"
	"errors"

	"havip/bce"
	"havip/internal/lane"
	"havip/tasks"
)

// keyCodes are refusals of the access key itself; a successful listing disproves them.
var keyCodes = map[string]bool{bce.CodeInvalidAccessKeyID: true, bce.CodeSignatureDoesNotMatch: true}

// followKey probes the lane at once if its credentials are not those of the last call, so that a wrong key that was replaced needs
// neither the back-off nor a restart. A role's renewed keys are ignored: they say nothing about a repair. Calls must not overlap.
func (l *Lane) followKey(ctx context.Context) {
	client, ok := l.config.API.(keyHolder)
	if !ok || l.config.Role {
		return
	}
	current, err := client.Credentials(withoutGuard(ctx))
	if err != nil {
		return // the lane's requests fail with the reason
	}
	last := l.credentials
	if l.credentials = current; last.IsZero() || last.Same(current) {
		return
	}
	l.log.Info().Str("key", current.Fingerprint()).Msg("access key changed")
	ctx, cancel := context.WithTimeout(ctx, describeEvery) // a check that takes longer proves nothing
	defer cancel()
	if err := l.breaker.ProbeNow(ctx); err != nil {
		l.report(err)
		return
	}
	l.checkKey(ctx)
}

// checkKey lists the lane once, to detect a wrong key before an item does. A refusal that every item would get suspends
// the lane, like an item's. Other failures have no effect: BCE may be down, and a key may be allowed to create but not to
// list. A page of one entry costs BCE no more than a read, so it does not use the rate of listings, which confirmations
// need.
func (l *Lane) checkKey(ctx context.Context) {
	if err := l.readRate.Wait(ctx); err != nil {
		return // stopped, or Redis is unavailable, which the heartbeats report
	}
	admission, ok := l.admitKeyCheck(ctx)
	if !ok {
		return
	}
	_, err := l.config.API.ListHaVIPs(ctx, bce.ListOptions{PageSize: 1})
	if ctx.Err() != nil {
		l.report(l.breaker.Release(context.WithoutCancel(ctx), admission))
		return
	}
	if err == nil {
		l.log.Info().Msg("access key accepted by BCE")
		cleared, err := l.breaker.Clear(ctx, admission)
		l.report(err)
		logChange(l.log, lane.Change{Cleared: cleared})
		return
	}
	l.keyNotAccepted(ctx, admission, err)
}

func (l *Lane) keyNotAccepted(ctx context.Context, admission lane.Admission, err error) {
	if outcome := tasks.Classify(nil, err, false); outcome.Class == tasks.ClassLaneFault && outcome.Scope == tasks.ScopeLane {
		l.log.Error().Err(err).Msg("access key refused by BCE; check BCE_ACCESS_KEY_ID and BCE_SECRET_ACCESS_KEY, or the account's profile")
		change, err := l.breaker.Trip(ctx, admission, lane.Fault{Target: lane.TargetLane, Code: outcome.Code, Message: outcome.Message})
		l.report(err)
		logChange(l.log, change)
		return
	}
	l.report(l.breaker.Release(ctx, admission))
	if tasks.IsDenied(err) {
		l.log.Warn().Err(err).Msg("access key may not list HaVIPs; whether it may create them is unknown")
		return
	}
	l.log.Warn().Err(err).Msg("access key not checked; the worker serves the lane anyway")
}

// admitKeyCheck asks the breaker for permission. A suspended lane is probed by its items, unless it is suspended for its
// key: then this check can probe without creating anything.
func (l *Lane) admitKeyCheck(ctx context.Context) (lane.Admission, bool) {
	admission, err := l.breaker.Admit(ctx, "")
	switch {
	case err != nil:
		l.report(err)
		return admission, false
	case !admission.Allowed:
		return admission, false
	case admission.Probe && !keyCodes[admission.Suspension.Code]:
		l.report(l.breaker.Release(ctx, admission))
		return admission, false
	}
	return admission, true
}

func (l *Lane) report(err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		l.log.Warn().Err(err).Msg("the result of the access key check was not recorded")
	}
}
