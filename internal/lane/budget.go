package lane

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// limitAge is how long a process caches the rate that an operator set for the lane. A change takes effect after this
// time, or at the next request if requests are rarer.
const limitAge = time.Second

// Budget admits requests of one lane at its current rate: the rate that an operator set for all workers, or else the
// rate that this process was started with. All workers share either rate. It is safe for concurrent use.
type Budget struct {
	operator *Operator
	lane     string
	burst    int
	// configured is nil for no limit.
	configured *Limiter
	// now is time.Now; tests replace it.
	now func() time.Time
	// asking has one token, so that one waiting request of this process at a time asks Redis. It guards the fields
	// below.
	asking chan struct{}
	// set is the operator's limit as of readAt, and limiter is the resulting one.
	set     *Limit
	readAt  time.Time
	limiter *Limiter
}

// NewBudget returns the budget of the named lane: rps requests a second with the given burst, unless an operator has set
// another rate. An rps of 0 or less means no limit.
func NewBudget(rdb redis.Cmdable, lane string, rps float64, burst int) *Budget {
	return &Budget{
		operator: NewOperator(rdb, lane), lane: lane, burst: burst,
		configured: NewLimiter(rdb, lane, rps, burst), now: time.Now, asking: make(chan struct{}, 1),
	}
}

// NewReadBudget returns a separate budget for the lane's reads, with the same rate as its creates.
func NewReadBudget(rdb redis.Cmdable, lane string, rps float64, burst int) *Budget {
	b := NewBudget(rdb, lane, rps, burst)
	b.lane += "/get"
	b.configured = NewLimiter(rdb, b.lane, rps, burst)
	return b
}

// Wait returns nil once a request may be sent, or an error if ctx ends or Redis fails first. A new rate takes effect
// during the wait.
func (b *Budget) Wait(ctx context.Context) error {
	select {
	case b.asking <- struct{}{}:
		defer func() { <-b.asking }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		if err := b.read(ctx); err != nil {
			return err
		}
		if b.limiter == nil {
			return ctx.Err()
		}
		wait, err := b.limiter.take(ctx)
		if err != nil || wait == 0 {
			return err
		}
		if err := sleep(ctx, min(wait, limitAge)); err != nil {
			return err
		}
	}
}

// read updates the current rate unless it is cached. The caller has asking's token.
func (b *Budget) read(ctx context.Context) error {
	now := b.now()
	if !b.readAt.IsZero() && now.Sub(b.readAt) < limitAge {
		return nil
	}
	set, err := b.operator.Limit(ctx)
	if err != nil {
		return err
	}
	b.readAt = now
	switch {
	case set == nil:
		b.limiter = b.configured
	case b.set == nil || b.set.bucket != set.bucket:
		b.limiter = NewLimiter(b.operator.rdb, fmt.Sprintf("%s#%d", b.lane, set.bucket), set.RPS, b.burst)
	}
	b.set = set
	return nil
}
