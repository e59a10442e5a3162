package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

const (
	// schema is the version of the ledger's data in Redis. Increment it with a change that earlier programs would
	// misread.
	schema = "3"
	// schemaKey is in the slot of the list of batches.
	schemaKey = "havip:schema:{" + batchIndex + "}"
)

// SchemaError means that another version of the program wrote the ledger. This version could miss items and create them
// again.
type SchemaError struct{ Found string }

func (e *SchemaError) Error() string {
	return fmt.Sprintf("the ledger in this Redis has version %q, and this program supports version %q: use the program version that wrote it, or another Redis", e.Found, schema)
}

// CheckSchema returns a [*SchemaError] if the Redis holds a ledger of another version. It changes nothing.
func CheckSchema(ctx context.Context, rdb redis.Cmdable) error {
	found, err := rdb.Get(ctx, schemaKey).Result()
	if errors.Is(err, redis.Nil) {
		return nil // none yet
	}
	return evaluateSchema(found, err)
}

// CheckSchemaWith is [CheckSchema] in one round trip with the reads that more queues, whose errors are their own.
func CheckSchemaWith(ctx context.Context, rdb redis.Cmdable, more func(redis.Pipeliner)) error {
	var found *redis.StringCmd
	_, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		found = pipe.Get(ctx, schemaKey)
		more(pipe)
		return nil
	})
	switch {
	case found.Err() == nil:
		return evaluateSchema(found.Val(), nil)
	case errors.Is(found.Err(), redis.Nil):
		return nil
	case ctx.Err() != nil:
		return evaluateSchema("", err)
	}
	return CheckSchema(ctx, rdb) // which says more about an error than a pipeline
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
