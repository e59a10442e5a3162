package redisconn

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// readyInterval is the pause between two questions to a Redis that is not ready.
const readyInterval = 250 * time.Millisecond

// WaitReady returns when the Redis answers as one that can be worked with: reachable and
// not loading. waiting, which may be nil, is told each new reason for going on waiting, as
// a [*ConnError]. A reason that time does not mend, such as a wrong password, is returned at
// once; otherwise the last one is returned when ctx ends.
func WaitReady(ctx context.Context, client redis.UniversalClient, endpoint string, waiting func(error)) error {
	ticker := time.NewTicker(readyInterval)
	defer ticker.Stop()
	var last error
	for {
		err := Explain(endpoint, client.Ping(ctx).Err())
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil && last != nil:
			return last
		case !mends(err):
			return err
		}
		if waiting != nil && (last == nil || last.Error() != err.Error()) {
			waiting(err)
		}
		last = err
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return last
		}
	}
}

// mends reports whether waiting may help. Whatever the server or its certificate has said
// no to will be said no to again; only loading passes.
func mends(err error) bool {
	var reply redis.Error
	switch {
	case redis.IsLoadingError(err), redis.IsMasterDownError(err), redis.IsClusterDownError(err):
		return true
	case errors.As(err, &reply), isCertificate(err), isTLS(err):
		return false
	}
	return true
}
