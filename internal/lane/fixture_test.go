package lane

import (
	"context"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// patience is the last guard of a wait: far beyond what succeeds on any machine.
const patience = 5 * time.Minute

const (
	testLane = "default/bj"
	subnetA  = "sbn-aaaa"
	subnetB  = "sbn-bbbb"
)

var wrongKey = Fault{Target: TargetLane, Code: "SignatureDoesNotMatch", Message: "The request signature we calculated does not match"}

// laneFixture is one Redis with a clock that tests move, and the calls made to it.
type laneFixture struct {
	t     *testing.T
	rdb   redis.UniversalClient
	clock *fakeClock
	calls *callCounter
	// tickets counts the acts of persons that are repeated under their own ticket.
	tickets int
}

func (f *laneFixture) ticket() string { return strconv.Itoa(f.tickets) }

// onEachRedis runs a test on a real Redis and on the embedded one.
func onEachRedis(t *testing.T, test func(*laneFixture)) {
	t.Helper()
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(newLaneFixture(t, redistest.Start(t).Client(t)))
	})
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr(), ReadTimeout: patience, WriteTimeout: patience})
		t.Cleanup(func() { _ = client.Close() })
		test(newLaneFixture(t, client))
	})
}

func newLaneFixture(t *testing.T, rdb redis.UniversalClient) *laneFixture {
	t.Helper()
	f := &laneFixture{
		t: t, rdb: rdb, calls: &callCounter{},
		clock: &fakeClock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), changed: make(chan struct{}, 1)},
	}
	rdb.AddHook(f.calls)
	return f
}

// breaker is what another process would have.
func (f *laneFixture) breaker() *Breaker { return NewBreaker(f.rdb, testLane, WithClock(f.clock.Now)) }

// gate is a process's gate that sleeps by the fixture's clock.
func (f *laneFixture) gate() *Gate {
	g := NewGate(f.breaker(), nil, nil)
	g.sleep = f.clock.sleep
	return g
}

// callCounter counts the commands that are sent to Redis; those of a pipeline are one.
type callCounter struct{ n atomic.Int64 }

func (c *callCounter) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (c *callCounter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmd)
	}
}

func (c *callCounter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmds)
	}
}

// during counts the commands that f sends.
func (c *callCounter) during(f func()) int64 {
	before := c.n.Load()
	f()
	return c.n.Load() - before
}

// fakeClock stands still until it is advanced. Who sleeps by it wakes when it passes.
type fakeClock struct {
	mu       sync.Mutex
	now      time.Time
	sleepers []*sleeper
	// changed tells that somebody fell asleep.
	changed chan struct{}
}

type sleeper struct {
	until time.Time
	wake  chan struct{}
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	var asleep []*sleeper
	for _, s := range c.sleepers {
		if s.until.After(c.now) {
			asleep = append(asleep, s)
			continue
		}
		close(s.wake)
	}
	c.sleepers = asleep
}

func (c *fakeClock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	s := &sleeper{until: c.now.Add(d), wake: make(chan struct{})}
	c.sleepers = append(c.sleepers, s)
	c.mu.Unlock()
	c.tell()
	select {
	case <-s.wake:
		return nil
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sleepers = slices.DeleteFunc(c.sleepers, func(other *sleeper) bool { return other == s })
		return ctx.Err()
	}
}

func (c *fakeClock) tell() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// next is how long the first of at least n sleepers sleeps on; ok is false while fewer sleep.
func (c *fakeClock) next(n int) (d time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sleepers) < n {
		return 0, false
	}
	first := c.sleepers[0].until
	for _, s := range c.sleepers {
		if s.until.Before(first) {
			first = s.until
		}
	}
	return first.Sub(c.now), true
}

// awaitSleepers returns when n sleep, with the time until the first wakes.
func (c *fakeClock) awaitSleepers(t *testing.T, n int) time.Duration {
	t.Helper()
	for {
		if d, ok := c.next(n); ok {
			return d
		}
		select {
		case <-c.changed:
		case <-t.Context().Done():
			t.Fatal("nobody sleeps")
		}
	}
}

func admit(t *testing.T, b *Breaker, subnetID string) Admission {
	t.Helper()
	a, err := b.Admit(t.Context(), subnetID)
	if err != nil {
		t.Fatal(err)
	}
	if !a.Allowed && (a.Suspension == nil || a.Wait <= 0) {
		t.Fatalf("refused without a reason and a time: %+v", a)
	}
	return a
}

// probe waits for the back-off and is let through.
func probe(t *testing.T, f *laneFixture, b *Breaker, subnetID string) Admission {
	t.Helper()
	a := admit(t, b, subnetID)
	for !a.Allowed {
		f.clock.advance(a.Wait)
		a = admit(t, b, subnetID)
	}
	if !a.Probe {
		t.Fatalf("not a probe: %+v", a)
	}
	return a
}

func trip(t *testing.T, b *Breaker, a Admission, f Fault) Change {
	t.Helper()
	change, err := b.Trip(t.Context(), a, f)
	if err != nil {
		t.Fatal(err)
	}
	return change
}

func clearSuspensions(t *testing.T, b *Breaker, a Admission) []Suspension {
	t.Helper()
	ended, err := b.Clear(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return ended
}

func suspensionsOf(t *testing.T, b *Breaker) []Suspension {
	t.Helper()
	list, err := b.Suspensions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// theHold is the only hold there is.
func theHold(t *testing.T, b *Breaker) Suspension {
	t.Helper()
	list := suspensionsOf(t, b)
	if len(list) != 1 {
		t.Fatalf("suspensions: %v", list)
	}
	return list[0]
}
