package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// PausedSince returns when asynqmon or asynq's command line paused the queue; zero if it is not paused. It does not report
// a pause of the lane (`enqueue pause`): see [havip/internal/lane].
func (q *Queue) PausedSince(ctx context.Context) (time.Time, error) {
	text, err := q.rdb.Get(ctx, q.Key("paused")).Result()
	if errors.Is(err, redis.Nil) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("pause of queue %s: %w", q.name, err)
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil { // it is paused nevertheless: asynq only checks that the key exists
		seconds = 1
	}
	return time.Unix(seconds, 0), nil
}

// Unpause ends asynq's pause, and reports whether there was one.
func (q *Queue) Unpause(ctx context.Context) (bool, error) {
	n, err := q.rdb.Del(ctx, q.Key("paused")).Result()
	if err != nil {
		return false, fmt.Errorf("end the pause of queue %s: %w", q.name, err)
	}
	return n > 0, nil
}
