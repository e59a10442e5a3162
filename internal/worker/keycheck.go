package worker

import (
	"context"
	"errors"

	"havip/bce"
	"havip/internal/lane"
	"havip/tasks"
)

// keyCodes are refusals of the access key itself, which a listing that succeeds disproves.
var keyCodes = map[string]bool{bce.CodeInvalidAccessKeyID: true, bce.CodeSignatureDoesNotMatch: true}

// checkKey lists the lane once, so that a wrong key is known before there is an item to send. A refusal that every item
// would meet suspends the lane, as an item's would. Nothing else comes of a failure: BCE may be down, and a key may
// create what it may not list. A page of one entry costs BCE no more than a read, so it uses up none of the listings, which
// confirmations wait for.
func (l *Lane) checkKey(ctx context.Context) {
	if err := l.readRate.Wait(ctx); err != nil {
		return // stopped, or Redis is away, which others report
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
		l.log.Warn().Err(err).Msg("access key may not list HaVIPs; whether it may create them is not known")
		return
	}
	l.log.Warn().Err(err).Msg("access key not checked; the worker serves the lane all the same")
}

// admitKeyCheck asks the breaker. A suspended lane is left to its items, unless it is suspended for its key: a probe that
// creates nothing then serves as well.
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
		l.log.Warn().Err(err).Msg("the check of the access key was not recorded")
	}
}
