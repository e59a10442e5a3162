package audit

import (
	"context"
	"errors"
	"time"

	"havip/bce"
	"havip/internal/lane"
	"havip/internal/redisconn"
	"havip/tasks"
)

// cloud examines a lane's credentials by one signed request that changes nothing, and BCE's clock by
// its answer.
func (x *examination) cloud(ctx context.Context, l tasks.Lane) error {
	if x.Open == nil {
		return nil
	}
	subject := "lane " + l.String()
	api, err := x.Open(ctx, l)
	if errors.Is(err, bce.ErrNoCredentials) {
		return x.tell(note(CodeCredentials, subject, "There are no credentials here for this lane; BCE was not examined. Producers need none, workers do."))
	}
	if err != nil {
		return x.tell(warning(CodeCredentials, subject, "The credentials cannot be used: %v.", err).
			saying("A worker started here for this lane would refuse to start.", "Mend what the error names; `enqueue help environment` says where credentials are looked for."))
	}
	if err := x.endpoint(ctx, l, api.Endpoint()); err != nil {
		return err
	}
	if err := x.accessKey(ctx, l, api); err != nil {
		return err
	}
	if x.Rate != nil {
		if rate := x.Rate(l); rate != nil {
			err := rate.Wait(ctx)
			var refused *redisconn.ConnError // one request is sent all the same: who asks has a Redis that is ill
			if err != nil && !errors.As(err, &refused) {
				return err
			}
		}
	}
	page, err := api.ListHaVIPs(ctx, bce.ListOptions{PageSize: 1})
	var refused *bce.Error
	switch {
	case err == nil:
		if err := x.tell(note(CodeCredentials, subject, "The credentials are good: BCE answered a signed request.")); err != nil {
			return err
		}
		return x.bceClock(subject, page.Date)
	case ctx.Err() != nil:
		return ctx.Err()
	case !errors.As(err, &refused):
		return err
	case refused.Code == bce.CodeRequestExpired && !refused.ServerDate.IsZero():
		return x.bceClock(subject, refused.ServerDate)
	}
	return x.tell(refusal(subject, refused))
}

// refusal says what a failed request means.
func refusal(subject string, e *bce.Error) Diagnosis {
	const look = "Look at the message"
	switch {
	case e.Kind.Transport():
		return warning(CodeBCE, subject, "BCE cannot be reached: %v.", e).
			saying("A worker here would try for hours, and create nothing.", "Check the network, a proxy and --endpoint.")
	case e.Kind == bce.KindAPI && !tasks.Retryable(e):
		return warning(CodeCredentials, subject, "BCE refuses the lane's credentials: %v.", e).
			saying("Every item of this lane would wait: the lane is held until one gets through.",
				look+": the key, its secret, its permission for HaVIPs, or the account's opt-in to the service.")
	}
	return warning(CodeBCE, subject, "BCE did not answer as it should: %v.", e).
		saying("It may be overloaded, or something else answers in its place.", look+", and at --endpoint; then try again.")
}

// endpoint compares where requests go from here with what the lane's workers ask.
func (x *examination) endpoint(ctx context.Context, l tasks.Lane, own string) error {
	standing, err := lane.PinnedTo(ctx, x.Redis, l.String())
	if err != nil || standing.Endpoint == "" || standing.Endpoint == own {
		return err
	}
	return x.tell(warning(CodeEndpoint, "lane "+l.String(), "The lane's workers ask %s, and the endpoint here is %s.", standing.Endpoint, own).
		saying("What is compared with BCE from here is compared with another cloud. A worker with this endpoint would refuse to start.",
			"Set --endpoint, or BCE_ENDPOINT, to the workers' own; or, if the lane has moved for good, start a worker with --allow-other-account once."))
}

// bceClock compares BCE's clock with this machine's, by which requests are signed, and with Redis's,
// by which it is judged whether a HaVIP is younger than an item's request.
func (x *examination) bceClock(subject string, date time.Time) error {
	if date.IsZero() {
		return nil
	}
	ahead := date.Sub(x.Now())
	fromRedis := ahead - x.redisAhead
	what := "BCE's clock is " + coarse(ahead) + " this machine's, and " + coarse(fromRedis) + " Redis's."
	if ahead.Abs() <= bceTolerance && fromRedis.Abs() <= bceTolerance {
		return x.tell(note(CodeBCEClock, subject, "%s", what))
	}
	return x.tell(warning(CodeBCEClock, subject, "%s", what).
		saying("Workers learn BCE's clock from its answers and sign with it. HaVIPs found in a lookup cannot be told by their age, and go to a person.",
			"Synchronise this machine and Redis with NTP."))
}

// coarse is offset between clocks of which one is read in whole seconds.
func coarse(ahead time.Duration) string {
	if ahead.Abs() <= readTolerance {
		return "the same as"
	}
	return offset(ahead)
}
