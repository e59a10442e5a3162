package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

const (
	// schema is the version of how the ledger lies in Redis. Whoever changes what an earlier program would
	// misread gives it the next number.
	schema = "1"
	// schemaKey lies with the list of batches in a cluster.
	schemaKey = "havip:schema:{" + batchIndex + "}"
)

// SchemaError says that a program of another version wrote the ledger. What this one does not know, it would
// take for nothing, and create it again.
type SchemaError struct{ Found string }

func (e *SchemaError) Error() string {
	return fmt.Sprintf("the ledger in this Redis is of version %q, and this program knows version %q: use the version of this program that wrote it, or another Redis", e.Found, schema)
}

// CheckSchema returns a [*SchemaError] if the Redis holds a ledger of another version. It changes nothing.
func CheckSchema(ctx context.Context, rdb redis.Cmdable) error {
	found, err := rdb.Get(ctx, schemaKey).Result()
	if errors.Is(err, redis.Nil) {
		return nil // none yet
	}
	return evaluateSchema(found, err)
}

// claimSchema is CheckSchema before a write: it stores the version if there is none.
func (l *Ledger) claimSchema(ctx context.Context) error {
	var found *redis.StringCmd
	_, err := l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.SetNX(ctx, schemaKey, schema, 0)
		found = pipe.Get(ctx, schemaKey)
		return nil
	})
	return evaluateSchema(found.Val(), err)
}

func evaluateSchema(found string, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("version of the ledger: %w", err)
	case found != schema:
		return &SchemaError{found}
	}
	return nil
}
