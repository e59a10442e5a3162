package lane

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// limitAge is how long a process caches the rate that an operator set for the lane, and that BCE has refused none of its
	// requests. A change takes effect after this time, or at the next request if requests are rarer.
	limitAge = time.Second
	// sentLately is the time over which a process measures the rate of its requests.
	sentLately = 2 * time.Second
	// shortest is the shortest time that a rate of sent requests is measured over.
	shortest = 100 * time.Millisecond
)

// The scripts of a rate; see lua/learned.lua.
var (
	takeScript    = compose("learned", "take")
	refusedScript = compose("learned", "refused")
	ratesScript   = compose("learned", "rates")
)

// Operation is a kind of request that has its own rate in a lane.
type Operation string

// The operations with rates that are learned.
const (
	Creates   Operation = "create"
	Deletions Operation = "delete"
	Reads     Operation = "get"
)

// Budget admits one kind of requests of one lane at the rate that all workers share: the limit that an operator set for all
// workers, or else the one that this process was started with; and, once BCE has refused requests, at most the rate that was
// learned from that ([Budget.Refused]). It is safe for concurrent use.
type Budget struct {
	rdb       redis.Cmdable
	lane      string
	operation Operation
	// configured is the limit of this process, 0 for none; burst is how many requests may be sent at once under a limit.
	configured float64
	burst      int
	// now is time.Now, and clock is nil for Redis's own; tests replace them.
	now, clock func() time.Time
	// asking has one token, so that one waiting request of this process at a time asks Redis.
	asking chan struct{}

	mu sync.Mutex
	// set is the operator's limit, and learned is whether BCE has refused requests, as of readAt.
	set     *Limit
	learned bool
	readAt  time.Time
	// refusals are those of this process: a read that began before one knows nothing of what it teaches.
	refusals int
	// sent counts the requests before sentAt with a weight that falls to 1/e within [sentLately], since sentSince.
	sent              float64
	sentSince, sentAt time.Time
}

// NewBudget returns the budget of the named lane's requests of one kind: rps requests a second with the given burst, unless an
// operator has set another limit. An rps of 0 or less means no limit.
func NewBudget(rdb redis.Cmdable, lane string, operation Operation, rps float64, burst int) *Budget {
	return &Budget{
		rdb: rdb, lane: lane, operation: operation, configured: max(rps, 0), burst: max(burst, 1), now: time.Now,
		asking: make(chan struct{}, 1),
	}
}

// Permit is the permission to send one request. Its zero value is that of a request without a rate.
type Permit struct{ text string }

// Wait returns nil once a request may be sent, or an error if ctx ends or Redis fails first.
func (b *Budget) Wait(ctx context.Context) error {
	_, err := b.Take(ctx)
	return err
}

// Take is [Budget.Wait] for a request whose refusal is reported. A new rate takes effect during the wait.
func (b *Budget) Take(ctx context.Context) (Permit, error) {
	select {
	case b.asking <- struct{}{}:
		defer func() { <-b.asking }()
	case <-ctx.Done():
		return Permit{}, ctx.Err()
	}
	for {
		if err := b.read(ctx); err != nil {
			return Permit{}, err
		}
		if b.unlimited() {
			b.count()
			return Permit{}, ctx.Err()
		}
		permit, wait, err := b.take(ctx)
		if err != nil {
			return Permit{}, err
		}
		if wait == 0 {
			b.count()
			return permit, nil
		}
		if err := sleep(ctx, min(wait, limitAge)); err != nil {
			return Permit{}, err
		}
	}
}

// take asks Redis for permission, and returns how long to wait before asking again; 0 means that the request may be sent.
func (b *Budget) take(ctx context.Context) (Permit, time.Duration, error) {
	answer, err := replyOf(b.run(ctx, takeScript, b.burst), 2)
	if err != nil {
		return Permit{}, 0, fmt.Errorf("rate of lane %s: %w", b.lane, err)
	}
	return Permit{answer.text(1)}, time.Duration(answer.number(0)) * time.Millisecond, nil
}

// Lowered is a rate that BCE's refusals have lowered, for all workers, to RPS requests a second.
type Lowered struct {
	Operation Operation
	RPS       float64
	// First is true if BCE had not refused requests before.
	First bool
}

// Refused reports that BCE has refused a request for throttling. It returns nil if that did not lower the rate: the request was
// admitted before the rate was lowered last, or so few were refused that they are no limit.
func (b *Budget) Refused(ctx context.Context, permit Permit, code, message string) (*Lowered, error) {
	rps := strconv.FormatFloat(b.noteRefusal(), 'f', 3, 64)
	answer, err := replyOf(b.run(ctx, refusedScript, permit.text, rps, code, bounded(message)), 2)
	if err != nil {
		return nil, fmt.Errorf("lower the rate of lane %s: %w", b.lane, err)
	}
	if answer.number(0) == 0 {
		return nil, nil
	}
	lowered := &Lowered{Operation: b.operation, First: answer.number(0) == 2}
	lowered.RPS, err = strconv.ParseFloat(answer.text(1), 64)
	return lowered, err
}

// run calls one of the rate's scripts.
func (b *Budget) run(ctx context.Context, s *redis.Script, args ...any) *redis.Cmd {
	b.mu.Lock()
	set := b.set
	b.mu.Unlock()
	return runRate(ctx, b.rdb, s, b.lane, b.clock, b.operation, set, b.configured, args...)
}

// runRate calls a script about a rate, under the limit that is set or else the configured one.
func runRate(ctx context.Context, rdb redis.Cmdable, s *redis.Script, lane string, clock func() time.Time, operation Operation, set *Limit, configured float64, args ...any) *redis.Cmd {
	now, bucket, limit := 0.0, int64(0), configured
	if clock != nil {
		now = float64(clock().UnixMicro()) / 1000
	}
	if set != nil {
		bucket, limit = set.bucket, set.RPS
	}
	keys := keysOf(lane)
	all := append([]any{strconv.FormatFloat(now, 'f', -1, 64), string(operation), bucket, strconv.FormatFloat(limit, 'f', -1, 64)}, args...)
	return s.Run(ctx, rdb, []string{keys.rate, keys.workers}, all...)
}

// read updates what is cached of the lane. The caller has asking's token.
func (b *Budget) read(ctx context.Context) error {
	now := b.now()
	if !b.readAt.IsZero() && now.Sub(b.readAt) < limitAge {
		return nil
	}
	b.mu.Lock()
	refusals := b.refusals
	b.mu.Unlock()
	keys := keysOf(b.lane)
	pipeline := b.rdb.Pipeline()
	set := pipeline.HGet(ctx, keys.operator, "limit")
	learned := pipeline.HExists(ctx, keys.rate, string(b.operation))
	if _, err := pipeline.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("rate of lane %s: %w", b.lane, err)
	}
	limit, err := readLimit(set)
	if err := errors.Join(err, learned.Err()); err != nil {
		return fmt.Errorf("limit of lane %s: %w", b.lane, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set, b.learned, b.readAt = limit, learned.Val() || b.refusals != refusals, now
	return nil
}

// unlimited reports whether no rate applies, as far as this process knows.
func (b *Budget) unlimited() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.set != nil {
		return b.set.RPS == 0 && !b.learned
	}
	return b.configured == 0 && !b.learned
}

// count counts a request.
func (b *Budget) count() {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.sent *= weight(now.Sub(b.sentAt))
	if b.sent < 0.01 {
		b.sent, b.sentSince = 0, now
	}
	b.sent, b.sentAt = b.sent+1, now
}

// weight is what a request counts after a time.
func weight(age time.Duration) float64 { return math.Exp(-float64(age) / float64(sentLately)) }

// noteRefusal makes the next request obey the rate that BCE's refusal may teach, and returns the rate at which this process has
// sent requests lately.
func (b *Budget) noteRefusal() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.learned = true
	b.refusals++
	return b.lately()
}

// Lately returns the rate at which this process has sent requests lately, in requests a second.
func (b *Budget) Lately() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lately()
}

func (b *Budget) lately() float64 {
	now := b.now()
	sent := b.sent * weight(now.Sub(b.sentAt))
	counted := 1 - weight(max(now.Sub(b.sentSince), shortest))
	return sent / (sentLately.Seconds() * counted)
}
