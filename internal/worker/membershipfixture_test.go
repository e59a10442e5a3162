package worker

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/ledger"
	"havip/lifecycle"
	"havip/tasks"
	"havip/test/bubbletest"
)

// membershipFixture is a Redis in a bubble, with a ledger whose clock is the bubble's, but for the steps that it is
// told to take.
type membershipFixture struct {
	*ledger.Ledger
	redis   *bubbletest.Redis
	rdb     redis.UniversalClient
	mu      sync.Mutex
	stepped time.Duration
}

func newMembershipFixture(t *testing.T) *membershipFixture {
	t.Helper()
	f := &membershipFixture{redis: bubbletest.StartRedis(t)}
	f.rdb = f.redis.Client(t)
	f.Ledger = ledger.New(f.rdb, ledger.WithClock(f.clock))
	return f
}

func (f *membershipFixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().Add(f.stepped)
}

// step lets the ledger's clock jump.
func (f *membershipFixture) step(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stepped += d
}

// pass lets the bubble's time pass.
func (f *membershipFixture) pass(d time.Duration) { <-time.After(d) }

// present enters a worker.
func (f *membershipFixture) present(t *testing.T, base string) *Membership {
	t.Helper()
	p := NewMembership(f.Ledger, base, zerolog.Nop())
	if err := p.Enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

func (f *membershipFixture) rescuer() *Rescuer {
	return f.rescuerInto(asynq.NewClientFromRedisClient(f.rdb))
}

func (f *membershipFixture) rescuerInto(into tasks.Queue) *Rescuer {
	return NewRescuer(RescuerConfig{Ledger: f.Ledger, Queue: into, Redis: f.rdb, Observer: noObserver{}, Logger: zerolog.Nop()})
}

const bjQueue = "havip.default.bj"

func (f *membershipFixture) register(t *testing.T, keys ...string) {
	t.Helper()
	specs := make([]ledger.Spec, len(keys))
	for i, key := range keys {
		specs[i] = ledger.Spec{Key: key, Fingerprint: key, ClientToken: "token-" + key, Account: "default", Region: "bj", Body: `{"name":"x"}`}
	}
	if _, err := f.Register(t.Context(), batch, ledger.Source{}, specs); err != nil {
		t.Fatal(err)
	}
}

// requestBound is how long a request of these tests' workers takes at most.
const requestBound = tasks.DefaultRequestTimeout + time.Second

// begin is by a worker that has watched nothing.
func (f *membershipFixture) begin(t *testing.T, worker, key string, want lifecycle.Start) ledger.Start {
	t.Helper()
	start, err := f.Begin(t.Context(), batch, key, ledger.Known{}, ledger.BeginOptions{Worker: worker, Ticket: worker, Lease: 30 * time.Second, Request: requestBound})
	if err != nil {
		t.Fatal(err)
	}
	if start.Result != want {
		t.Fatalf("begin %s: %s, want %s", key, start.Result, want)
	}
	return start
}

// pending reads task IDs in the order in which asynq takes them.
func (f *membershipFixture) pending(t *testing.T) []string {
	t.Helper()
	ids, err := f.rdb.LRange(t.Context(), "asynq:{"+bjQueue+"}:pending", 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	order := []string{}
	for i := len(ids) - 1; i >= 0; i-- {
		order = append(order, ids[i])
	}
	return order
}

func (f *membershipFixture) claimedBy(t *testing.T, worker string) []ledger.ClaimedItem {
	t.Helper()
	claimed, err := f.ClaimedBy(t.Context(), worker)
	if err != nil {
		t.Fatal(err)
	}
	return claimed
}

func name(t *testing.T, p *Membership) string {
	t.Helper()
	n, _, err := p.Name(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// beat answers the names of the dead.
func beat(t *testing.T, p *Membership) []string {
	t.Helper()
	var names []string
	for _, silence := range beatAt(t, p) {
		names = append(names, silence.Worker)
	}
	return names
}

func beatAt(t *testing.T, p *Membership) []Silence {
	t.Helper()
	dead, err := p.Beat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return dead
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// silent lets everybody but the given workers be silent until they are found dead, and answers
// who is.
func (f *membershipFixture) silent(t *testing.T, living ...*Membership) []string {
	t.Helper()
	var dead []string
	for _, p := range living {
		beat(t, p) // which sees the last beats
	}
	for range DeadAfter / BeatEvery {
		f.pass(BeatEvery)
		for _, p := range living {
			dead = beat(t, p)
		}
	}
	return dead
}

// late lets a beat of all but the living be late by 5 s, and expects that it finds nobody dead.
func (f *membershipFixture) late(t *testing.T, living *Membership) {
	t.Helper()
	beat(t, living)
	for range 3 {
		f.pass(BeatEvery)
		equal(t, "found dead with a beat late by 5 s", beat(t, living), []string(nil))
	}
}

// rescueOf is the ID of the task that goes on with an item of a dead worker.
func rescueOf(key, dead string) string {
	return tasks.TaskID(batch, key, 1) + "/rescue-" + dead
}

// signalQueue tells of each task that it takes.
type signalQueue struct {
	tasks.Queue
	taken chan string
}

func (q *signalQueue) EnqueueContext(ctx context.Context, task *asynq.Task, opts ...asynq.Option) (*asynq.TaskInfo, error) {
	info, err := q.Queue.EnqueueContext(ctx, task, opts...)
	if err == nil {
		q.taken <- info.ID
	}
	return info, err
}

// faultyQueue accepts a number of tasks, and then its Redis is away.
type faultyQueue struct {
	tasks.Queue
	left int
}

func (q *faultyQueue) EnqueueContext(ctx context.Context, task *asynq.Task, opts ...asynq.Option) (*asynq.TaskInfo, error) {
	if q.left--; q.left < 0 {
		return nil, context.DeadlineExceeded
	}
	return q.Queue.EnqueueContext(ctx, task, opts...)
}
