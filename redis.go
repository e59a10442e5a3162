package havip

import (
	"context"

	"github.com/redis/go-redis/v9"

	"havip/internal/redisconn"
)

// OpenRedis connects to the Redis at the URL: redis://, rediss://, unix://, redis-sentinel:// or
// redis-cluster://, as for the programs' --redis. The caller closes the client.
//
// It refuses a Redis that may lose acknowledged writes (no append-only file, or a maxmemory-policy other
// than noeviction), because a HaVIP whose item was lost could be created twice. It also refuses one whose
// durability cannot be verified (INFO or CONFIG is forbidden or renamed), unless
// [AllowUnverifiedDurability] is given. No error contains a password.
//
// A worker of your own, an asynq.Server with a [tasks.Handler], needs a client from this function: asynq
// does not repeat an acknowledgement that failed, and this client does (docs/HAZARDS.md).
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

// AllowUnverifiedDurability accepts a Redis whose durability cannot be verified.
func AllowUnverifiedDurability() RedisOption {
	return func(s *redisSettings) { s.allowUnverified = true }
}
