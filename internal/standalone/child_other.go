//go:build !unix

package standalone

import (
	"context"
	"errors"
	"fmt"

	"havip/internal/redisconn"
)

// errUnix says why there is no store: redis-server runs on Unix systems only.
var errUnix = errors.New("a store of its own needs a Unix system; name a Redis with --redis")

// Child returns an error.
func Child(_ context.Context, dir string, _ ...redisconn.Option) (*Store, error) {
	return nil, fmt.Errorf("open store %s: %w", dir, errUnix)
}

// Share returns an error.
func Share(_ context.Context, dir string, _ bool, _ ...redisconn.Option) (*Store, error) {
	return nil, fmt.Errorf("open store %s: %w", dir, errUnix)
}
