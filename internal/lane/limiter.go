package lane

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

// Defaults of a lane's budget. They are those of Baidu's own network driver, which creates at most five a second per
// account: BCE documents no limit.
const (
	DefaultRPS   = 5.0
	DefaultBurst = 5
)

// clockPutBack is a wait that no rate requires: Redis's clock was set back, and the bucket would remain empty until the
// clock has caught up.
const clockPutBack = time.Hour

// Limiter admits requests of one lane at a rate that all workers share. A nil Limiter admits all.
type Limiter struct {
	limiter *redis_rate.Limiter
	key     string
	limit   redis_rate.Limit
	// asking has one token, so that one waiting request of this process at a time asks Redis.
	asking chan struct{}
}

// NewLimiter returns the limiter of the named lane: rps requests a second, burst at once. An rps of 0 or less means no
// limit; it returns nil then.
func NewLimiter(rdb redis.Cmdable, lane string, rps float64, burst int) *Limiter {
	if rps <= 0 {
		return nil
	}
	return &Limiter{
		limiter: redis_rate.NewLimiter(rdb),
		key:     "havip:lane:" + lane,
		limit:   limitOf(rps, burst),
		asking:  make(chan struct{}, 1),
	}
}

// listsPerSecond limits the pages of a lane's listings at the default rate of creates, or a lower one: Baidu's own driver lists
// once a second. A lane that may create more may list more in proportion, so that listings keep up with what it creates.
const listsPerSecond = 1

// NewListLimiter returns the limiter of the listings of the named lane, whose rate of creates is rps. Workers and commands
// share it.
func NewListLimiter(rdb redis.Cmdable, lane string, rps float64) *Limiter {
	if rps > 0 {
		rps = listsPerSecond * max(1, rps/DefaultRPS)
	}
	return NewLimiter(rdb, lane+"/list", rps, 1)
}

// limitOf expresses a rate in the whole numbers that redis_rate takes.
func limitOf(rps float64, burst int) redis_rate.Limit {
	const period = 1000 * time.Second
	return redis_rate.Limit{
		Rate:   max(1, int(math.Round(rps*period.Seconds()))),
		Period: period,
		Burst:  max(1, burst),
	}
}

// Wait returns nil once a request may be sent, or an error if ctx ends or Redis fails first.
// Waiting costs Redis one call for each request admitted, not for each that waits.
func (l *Limiter) Wait(ctx context.Context) error {
	if l == nil {
		return ctx.Err()
	}
	select {
	case l.asking <- struct{}{}:
		defer func() { <-l.asking }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		wait, err := l.take(ctx)
		if err != nil || wait == 0 {
			return err
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// take requests permission for one request, and returns how long to wait before asking again; 0 means that it may be
// sent.
func (l *Limiter) take(ctx context.Context) (wait time.Duration, err error) {
	answer, err := l.limiter.Allow(ctx, l.key, l.limit)
	switch {
	case err != nil:
		return 0, fmt.Errorf("rate of lane: %w", err)
	case answer.Allowed > 0:
		return 0, nil
	case answer.RetryAfter > max(clockPutBack, 2*l.fullBurst()):
		return time.Millisecond, l.limiter.Reset(ctx, l.key)
	default:
		return max(answer.RetryAfter, time.Millisecond), nil
	}
}

// fullBurst returns how long an empty bucket takes to fill.
func (l *Limiter) fullBurst() time.Duration {
	return l.limit.Period / time.Duration(l.limit.Rate) * time.Duration(l.limit.Burst)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
