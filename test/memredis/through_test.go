package memredis_test

import (
	"context"

	"github.com/redis/go-redis/v9"

	"havip/test/memredis"
)

// through makes each call, and does something after it.
func through(after func()) memredis.Through {
	return func(_ context.Context, _ []redis.Cmder, run func()) error {
		run()
		after()
		return nil
	}
}
