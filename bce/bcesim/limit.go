package bcesim

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// bucket is a [Limit]'s token bucket. The caller holds the server's lock.
type bucket struct {
	limit  Limit
	tokens float64
	filled time.Time
}

func newBucket(limit Limit, now time.Time) *bucket {
	limit.Burst = max(limit.Burst, 1)
	return &bucket{limit: limit, tokens: float64(limit.Burst), filled: now}
}

// fill refills the bucket by the time elapsed. A clock that was set back changes nothing.
func (b *bucket) fill(now time.Time) {
	if elapsed := now.Sub(b.filled).Seconds(); elapsed > 0 {
		b.tokens = min(float64(b.limit.Burst), b.tokens+elapsed*b.limit.PerSecond)
	}
	b.filled = now
}

// retryAfter is the whole seconds until a call would pass, at least one.
func (b *bucket) retryAfter() int {
	return int(max(1, math.Ceil((1-b.tokens)/b.limit.PerSecond)))
}

// throttle takes one call from every budget of op, or from none if one of them is empty.
func (s *Server) throttle(op Operation, now time.Time) (header http.Header, refusal *Error) {
	var drawn []*bucket
	for _, name := range []Operation{op, AnyOperation} {
		b := s.buckets[name]
		if b == nil {
			continue
		}
		if b.fill(now); b.tokens < 1 {
			return b.refusal(name)
		}
		drawn = append(drawn, b)
	}
	for _, b := range drawn {
		b.tokens--
	}
	return nil, nil
}

func (b *bucket) refusal(name Operation) (http.Header, *Error) {
	refusal := refuseWith(http.StatusTooManyRequests, CodeRateLimit,
		"more than %g requests a second (%s)", b.limit.PerSecond, name)
	if !b.limit.RetryAfter {
		return nil, refusal
	}
	return http.Header{"Retry-After": {strconv.Itoa(b.retryAfter())}}, refusal
}
