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
// twice. So is one that does not tell whether it may (INFO or CONFIG is forbidden or renamed), unless
// [AllowUnverifiedDurability] is given. No error holds a password.
//
// It is set up for asynq, too: a worker of one's own, an asynq.Server over a [tasks.Handler], needs
// a client of this function, for asynq repeats no acknowledgement that failed (docs/HAZARDS.md).
func OpenRedis(ctx context.Context, url string, options ...RedisOption) (redis.UniversalClient, error) {
	var settings redisSettings
	for _, option := range options {
		option(&settings)
	}
	client, err := redisconn.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	findings, err := redisconn.Check(ctx, client)
	if err == nil {
		err = redisconn.Refused(findings)
	}
	if err == nil && !settings.allowUnverified {
		err = redisconn.Unverified(findings)
	}
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	return client, nil
}

// RedisOption changes what [OpenRedis] accepts.
type RedisOption func(*redisSettings)

type redisSettings struct{ allowUnverified bool }

// AllowUnverifiedDurability accepts a Redis that does not tell whether it keeps what it was told.
func AllowUnverifiedDurability() RedisOption {
	return func(s *redisSettings) { s.allowUnverified = true }
}
