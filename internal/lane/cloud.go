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
	cloudReady    = "ready"
)

// These scripts need no prelude: they change no hold.
var (
	pinScript   = redis.NewScript(source("pin"))
	readyScript = redis.NewScript(source("ready"))
)

// Pin notes what the lane stands for, at its first use in this Redis, and answers what it stands for. Ready is false
// until [Ready] reports that the wait of its first use is over: a worker that uses the lane before that has to wait as
// well.
func Pin(ctx context.Context, rdb redis.Cmdable, lane string, c Cloud) (standing Cloud, ready bool, err error) {
	fields, err := pinScript.Run(ctx, rdb, []string{keysOf(lane).cloud}, c.Endpoint, c.Key).Slice()
	if err == nil && len(fields) != 3 {
		err = fmt.Errorf("unexpected answer %v from a script", fields)
	}
	if err != nil {
		return Cloud{}, false, pinError(lane, err)
	}
	return cloudOf(fields), fields[2] != nil, nil
}

// Ready says that the wait of the lane's first use is over, with what it stands for.
func Ready(ctx context.Context, rdb redis.Cmdable, lane string, c Cloud) error {
	return pinError(lane, readyScript.Run(ctx, rdb, []string{keysOf(lane).cloud}, c.Endpoint, c.Key).Err())
}

// Repin has the lane stand for another key of the same account from now on.
func Repin(ctx context.Context, rdb redis.Cmdable, lane string, c Cloud) error {
	return pinError(lane, rdb.HSet(ctx, keysOf(lane).cloud, cloudEndpoint, c.Endpoint, cloudKey, c.Key).Err())
}

// Move has the lane stand for another endpoint or account from now on, with which it is at its first use again.
func Move(ctx context.Context, rdb redis.Cmdable, lane string, c Cloud) error {
	key := keysOf(lane).cloud
	_, err := rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.HSet(ctx, key, cloudEndpoint, c.Endpoint, cloudKey, c.Key)
		pipe.HDel(ctx, key, cloudReady)
		return nil
	})
	return pinError(lane, err)
}

// PinnedTo answers what the lane stands for; the zero Cloud before its first use.
func PinnedTo(ctx context.Context, rdb redis.Cmdable, lane string) (Cloud, error) {
	fields, err := rdb.HMGet(ctx, keysOf(lane).cloud, cloudEndpoint, cloudKey).Result()
	if err != nil {
		return Cloud{}, fmt.Errorf("what lane %s stands for: %w", lane, err)
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
