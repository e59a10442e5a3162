package follow

import (
	"context"

	"havip/internal/cli"
	"havip/internal/redisconn"
	"havip/internal/session"
)

// WithRetry calls read until it succeeds, while Redis fails for a reason that passes by itself: the batch goes on as soon
// as Redis is back. Each reason is told once. Any other error ends it at once, such as a wrong password or a missing batch.
func WithRetry[T any](ctx context.Context, s *session.Session, read func() (T, error)) (answer T, err error) {
	patience := redisconn.Patience{Down: cli.PassingPatience, Passing: cli.PassingPatience} // Redis answered when it was opened
	err = redisconn.Await(ctx, patience, s.Waiting, func(context.Context) (err error) {
		answer, err = read()
		return s.Explain(err)
	})
	return answer, err
}
