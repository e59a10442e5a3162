//go:build !unix

package standalone

import (
	"context"
	"errors"
	"fmt"

	"havip/internal/redisconn"
)

// Child needs a Unix system: redis-server runs nowhere else. Elsewhere it returns an error.
func Child(_ context.Context, dir string, _ ...redisconn.Option) (*Store, error) {
	return nil, fmt.Errorf("open store %s: %w", dir, errors.New("a store of its own needs a Unix system; name a Redis with --redis"))
}
