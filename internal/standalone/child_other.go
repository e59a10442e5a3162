//go:build !unix

package standalone

import (
	"context"
	"errors"
	"fmt"

	"havip/internal/redisconn"
)

// errUnix reports that there is no store, because redis-server runs only on Unix systems.
var errUnix = errors.New("redis-server runs only on Unix systems; pass the URL of a Redis with --redis")

// Child returns an error.
func Child(_ context.Context, dir string, _ ...redisconn.Option) (*Store, error) {
	return nil, fmt.Errorf("open store %s: %w", dir, errUnix)
}

// Share returns an error.
func Share(_ context.Context, dir string, _ bool, _ ...redisconn.Option) (*Store, error) {
	return nil, fmt.Errorf("open store %s: %w", dir, errUnix)
}

// Unavailable returns false.
func Unavailable(error) bool { return false }
