package follow

import (
	"context"

	"havip/internal/cli"
	"havip/internal/redisconn"
	"havip/internal/session"
)

// WithRetry calls read until it succeeds, while Redis fails for a temporary reason: the batch continues as soon as Redis is
// back. Each reason is reported once. Any other error is returned at once, such as a wrong password or a missing batch.
func WithRetry[T any](ctx context.Context, s *session.Session, read func() (T, error)) (answer T, err error) {
	patience := redisconn.Patience{Down: cli.PassingPatience, Passing: cli.PassingPatience} // Redis answered when it was opened
	err = redisconn.Await(ctx, patience, s.Waiting, func(context.Context) (err error) {
		answer, err = read()
		return s.Explain(err)
	})
	return answer, err
}
