package lane

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Cloud is what a lane stands for: where its requests go, and as whom.
type Cloud struct {
	// Endpoint is scheme and host. Key tells the access key from others without showing it.
	Endpoint, Key string
}

const (
	cloudEndpoint = "endpoint"
	cloudKey      = "key"
)

// Pin notes what the lane stands for, at its first use in this Redis, and answers what it was first used with:
// first says that this call was it.
func Pin(ctx context.Context, rdb redis.UniversalClient, lane string, c Cloud) (standing Cloud, first bool, err error) {
	key := keysOf(lane).cloud
	if first, err = rdb.HSetNX(ctx, key, cloudEndpoint, c.Endpoint).Result(); err == nil && first {
		return c, true, rdb.HSet(ctx, key, cloudKey, c.Key).Err()
	}
	if err == nil {
		standing, err = PinnedTo(ctx, rdb, lane)
	}
	if err != nil {
		return Cloud{}, false, fmt.Errorf("pin lane %s: %w", lane, err)
	}
	return standing, false, nil
}

// Repin has the lane stand for something else from now on.
func Repin(ctx context.Context, rdb redis.UniversalClient, lane string, c Cloud) error {
	if err := rdb.HSet(ctx, keysOf(lane).cloud, cloudEndpoint, c.Endpoint, cloudKey, c.Key).Err(); err != nil {
		return fmt.Errorf("pin lane %s: %w", lane, err)
	}
	return nil
}

// PinnedTo answers what the lane stands for; the zero Cloud before its first use.
func PinnedTo(ctx context.Context, rdb redis.UniversalClient, lane string) (Cloud, error) {
	fields, err := rdb.HMGet(ctx, keysOf(lane).cloud, cloudEndpoint, cloudKey).Result()
	if err != nil {
		return Cloud{}, fmt.Errorf("what lane %s stands for: %w", lane, err)
	}
	endpoint, _ := fields[0].(string)
	key, _ := fields[1].(string)
	return Cloud{Endpoint: endpoint, Key: key}, nil
}
