package lane

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Cloud is a lane's endpoint and access key.
type Cloud struct {
	// Endpoint is scheme and host. Key is a digest of the access key ID.
	Endpoint, Key string
}

const (
	cloudEndpoint = "endpoint"
	cloudKey      = "key"
	cloudReady    = "ready"
)

// These scripts need no prelude: they change no suspension.
var (
	pinScript   = redis.NewScript(source("pin"))
	readyScript = redis.NewScript(source("ready"))
)

// Pin records the lane's endpoint and key at its first use in this Redis, and returns the recorded ones. Ready is false
// until [Ready] reports that the wait of the first use is over: a worker that uses the lane earlier must wait as well.
func Pin(ctx context.Context, rdb redis.Cmdable, lane string, c Cloud) (pinned Cloud, ready bool, err error) {
	fields, err := pinScript.Run(ctx, rdb, []string{keysOf(lane).cloud}, c.Endpoint, c.Key).Slice()
	if err == nil && len(fields) != 3 {
		err = fmt.Errorf("unexpected reply %v from a script", fields)
	}
	if err != nil {
		return Cloud{}, false, pinError(lane, err)
	}
	return cloudOf(fields), fields[2] != nil, nil
}

// Ready records that the wait of the lane's first use is over, unless its endpoint or key has changed.
func Ready(ctx context.Context, rdb redis.Cmdable, lane string, c Cloud) error {
	return pinError(lane, readyScript.Run(ctx, rdb, []string{keysOf(lane).cloud}, c.Endpoint, c.Key).Err())
}

// Repin records another key of the lane's account.
func Repin(ctx context.Context, rdb redis.Cmdable, lane string, c Cloud) error {
	return pinError(lane, rdb.HSet(ctx, keysOf(lane).cloud, cloudEndpoint, c.Endpoint, cloudKey, c.Key).Err())
}

// Move records another endpoint or account of the lane; its next use is a first use again.
func Move(ctx context.Context, rdb redis.Cmdable, lane string, c Cloud) error {
	key := keysOf(lane).cloud
	_, err := rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.HSet(ctx, key, cloudEndpoint, c.Endpoint, cloudKey, c.Key)
		pipe.HDel(ctx, key, cloudReady)
		return nil
	})
	return pinError(lane, err)
}

// PinnedTo returns the lane's recorded endpoint and key; the zero Cloud before its first use.
func PinnedTo(ctx context.Context, rdb redis.Cmdable, lane string) (Cloud, error) {
	fields, err := rdb.HMGet(ctx, keysOf(lane).cloud, cloudEndpoint, cloudKey).Result()
	if err != nil {
		return Cloud{}, fmt.Errorf("endpoint and key of lane %s: %w", lane, err)
	}
	return cloudOf(fields), nil
}

func cloudOf(fields []any) Cloud {
	endpoint, _ := fields[0].(string)
	key, _ := fields[1].(string)
	return Cloud{Endpoint: endpoint, Key: key}
}

func pinError(lane string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("pin lane %s: %w", lane, err)
}
