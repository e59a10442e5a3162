package havip

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// DefaultPatience is how long one who waits does without Redis: the batch goes on by itself as soon as
// Redis is back, and so does who waits for it.
const DefaultPatience = 2 * time.Minute

// outage decides for one who reads again and again whether to bear an error.
type outage struct {
	patience time.Duration
	answered time.Time
}

// bear returns nil for no error, and for one that is to be borne: after which is read again. A Redis
// that has never answered is not waited for, since it may be the wrong one.
func (o *outage) bear(ctx context.Context, err error) error {
	switch {
	case err == nil:
		o.answered = time.Now()
	case ctx.Err() != nil:
		return ctx.Err()
	case o.answered.IsZero(), !passes(err), time.Since(o.answered) > o.patience:
		return err
	}
	return nil
}

// passes reports whether an error of Redis is of a kind that ends by itself.
func passes(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrPoolExhausted) ||
		redis.IsLoadingError(err) || redis.IsMasterDownError(err) || redis.IsClusterDownError(err)
}
