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

// cloud examines a lane's credentials with one signed request that changes nothing, and BCE's clock with the answer.
func (x *examination) cloud(ctx context.Context, l tasks.Lane) error {
	if x.Open == nil {
		return nil
	}
	subject := "lane " + l.String()
	api, err := x.Open(ctx, l)
	if errors.Is(err, bce.ErrNoCredentials) {
		return x.report(note(CodeCredentials, subject, "There are no credentials here for this lane, so BCE was not examined. Producers need none; workers do."))
	}
	if err != nil {
		return x.report(warning(CodeCredentials, subject, "The credentials cannot be used: %v.", err).
			meaning("A worker started here for this lane would refuse to start.", "Fix what the error reports; `enqueue help environment` lists where credentials are read from."))
	}
	if err := x.endpoint(ctx, l, api.Endpoint()); err != nil {
		return err
	}
	if err := x.accessKey(ctx, l, api); err != nil {
		return err
	}
	if rate := readerOf(x.Reader, l).Rate; rate != nil {
		err := rate.Wait(ctx)
		var refused *redisconn.ConnError // the store check reports it; the request is sent nevertheless
		if err != nil && !errors.As(err, &refused) {
			return err
		}
	}
	page, err := api.ListHaVIPs(ctx, bce.ListOptions{PageSize: 1})
	var refused *bce.Error
	switch {
	case err == nil:
		if err := x.report(note(CodeCredentials, subject, "The credentials work: BCE answered a signed request.")); err != nil {
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
	return x.report(refusal(subject, refused))
}

// refusal explains a failed request.
func refusal(subject string, e *bce.Error) Diagnosis {
	const look = "Check what BCE says"
	switch {
	case e.Kind.Transport():
		return warning(CodeBCE, subject, "BCE cannot be reached: %v.", e).
			meaning("A worker here would retry for hours, and create nothing.", "Check the network, the proxy and --endpoint.")
	case e.Kind == bce.KindAPI && !tasks.Retryable(e):
		return warning(CodeCredentials, subject, "BCE refuses the lane's credentials: %v.", e).
			meaning("All items of this lane would wait: the lane is suspended until a request succeeds.",
				look+": the key, its secret, its permission for HaVIPs, or the account's opt-in to the service.")
	}
	return warning(CodeBCE, subject, "BCE's answer is an error, or cannot be read: %v.", e).
		meaning("BCE may be overloaded, or another server answers for it.", look+", check --endpoint, and try again.")
}

// endpoint compares this shell's endpoint with that of the lane's workers.
func (x *examination) endpoint(ctx context.Context, l tasks.Lane, own string) error {
	standing, err := lane.PinnedTo(ctx, x.Redis, l.String())
	if err != nil || standing.Endpoint == "" || standing.Endpoint == own {
		return err
	}
	return x.report(warning(CodeEndpoint, "lane "+l.String(), "The lane's workers use the endpoint %s, but the endpoint here is %s.", standing.Endpoint, own).
		meaning("`verify` and `plan --live` from here would compare with another cloud. A worker with this endpoint would refuse to start.",
			"Set --endpoint, or BCE_ENDPOINT, to that of the workers; or, if the lane has moved for good, start a worker with --allow-other-account once."))
}

// bceClock compares BCE's clock with this machine's, which dates signatures, and with Redis's, which decides whether a HaVIP
// is younger than an item's request.
func (x *examination) bceClock(subject string, date time.Time) error {
	if date.IsZero() {
		return nil
	}
	ahead := date.Sub(x.Now())
	fromRedis := ahead - x.redisAhead
	what := "BCE's clock is " + coarse(ahead) + " this machine's, and " + coarse(fromRedis) + " Redis's."
	if ahead.Abs() <= bceTolerance && fromRedis.Abs() <= bceTolerance {
		return x.report(note(CodeBCEClock, subject, "%s", what))
	}
	return x.report(warning(CodeBCEClock, subject, "%s", what).
		meaning("Workers learn BCE's clock from its answers and sign with it. Lookups cannot compare the ages of HaVIPs, so their items end in review.",
			"Synchronize this machine and Redis with NTP."))
}

// coarse is [offset] if one of the clocks is read in whole seconds.
func coarse(ahead time.Duration) string {
	if ahead.Abs() <= readTolerance {
		return "the same as"
	}
	return offset(ahead)
}

// readerOf returns the reader of a lane: the zero one if there are no others.
func readerOf(readers func(tasks.Lane) tasks.Reader, l tasks.Lane) tasks.Reader {
	if readers == nil {
		return tasks.Reader{}
	}
	return readers(l)
}
