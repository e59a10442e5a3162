package havip

import (
	"context"

	"github.com/redis/go-redis/v9"

	"havip/internal/redisconn"
)

// OpenRedis connects to the Redis that the URL names: redis://, rediss://, unix://, redis-sentinel:// or
// redis-cluster://, as for --redis of the programs. The caller closes the client.
//
// One that may forget what it was told (without an append-only file, or with a maxmemory-policy other
// than noeviction) is refused, as the workers refuse it: a HaVIP whose item was forgotten could be made
// twice. No error holds a password.
//
// It is set up for asynq, too: a worker of one's own, an asynq.Server over a [havip/tasks.Handler], needs
// a client of this function, for asynq repeats no acknowledgement that failed (docs/HAZARDS.md).
func OpenRedis(ctx context.Context, url string) (redis.UniversalClient, error) {
	client, err := redisconn.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	findings, err := redisconn.Check(ctx, client)
	if err == nil {
		err = redisconn.Refused(findings)
	}
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	return client, nil
}
