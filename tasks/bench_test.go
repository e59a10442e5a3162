package tasks

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/ledger"
	"havip/test/redistest"
)

// attemptLease is that of a handler with the default request timeout.
var attemptLease = HandlerConfig{RequestTimeout: DefaultRequestTimeout}.attemptLease()

// bench is a handler between a real Redis and a simulated BCE, both of its own. Tests call the
// handler as asynq would, so that nothing depends on time.
type bench struct {
	*testing.T
	redis   *redistest.Server
	rdb     redis.UniversalClient
	ledger  *ledger.Ledger
	sim     *bcesim.Server
	api     *bce.Client
	handler *Handler
	clock   *clock
	logs    *logBuffer

	mu   sync.Mutex
	sent []bce.Attempt
}

// clock is moved by tests.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// logBuffer is where the handler's log goes.
type logBuffer struct {
	mu   sync.Mutex
	text []byte
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = append(b.text, p...)
	return len(p), nil
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.text)
}

const testBatch = "b"

var testLane = Lane{Account: "default", Region: "bj"}

func newBench(t *testing.T, faults string) *bench {
	t.Helper()
	return newBenchLike(t, "", faults)
}

// newBenchLike is a bench with a BCE of this personality.
func newBenchLike(t *testing.T, personality, faults string) *bench {
	t.Helper()
	var options bcesim.Options
	var err error
	if options.Faults, err = bcesim.ParseFaults(faults); err != nil {
		t.Fatal(err)
	}
	if options.Personality, err = bcesim.ParsePersonality(personality); err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, redis: redistest.Start(t), clock: &clock{now: time.Now()}, logs: &logBuffer{}}
	b.rdb = b.redis.Client(t)
	b.ledger = ledger.New(b.rdb, ledger.WithClock(b.clock.Now))
	b.sim = bcesim.New(options)
	server := httptest.NewServer(b.sim)
	t.Cleanup(func() { b.sim.Close(); server.Close() })
	b.api, err = bce.NewClient(bce.Config{
		Endpoint:    server.URL,
		Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
		OnAttempt:   b.observe,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.api.CloseIdleConnections)
	b.handler = NewHandler(b.config())
	return b
}

func (b *bench) config() HandlerConfig {
	return HandlerConfig{
		Lane: testLane, API: b.api, Ledger: b.ledger, Worker: "w1",
		Logger: zerolog.New(b.logs),
	}
}

func (b *bench) observe(a bce.Attempt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = append(b.sent, a)
}

func testItem(key, address string) Item {
	return Item{
		Key: key, Account: "default", Region: "bj",
		Request: Request{Name: key, SubnetID: "sbn-1", PrivateIPAddress: address, Description: "d"},
	}
}

// put registers the item and returns its task.
func (b *bench) put(item Item) *asynq.Task {
	b.Helper()
	queue := &queueStub{}
	if _, err := NewProducer(b.ledger, queue).Enqueue(b.Context(), testBatch, item); err != nil {
		b.Fatal(err)
	}
	return queue.tasks[0]
}

func (b *bench) record(key string) ledger.Record {
	b.Helper()
	item, err := b.ledger.Item(b.Context(), testBatch, key)
	if err != nil {
		b.Fatal(err)
	}
	return item.Record
}

// queueStub takes tasks in place of asynq.
type queueStub struct {
	mu    sync.Mutex
	tasks []*asynq.Task
	opts  [][]asynq.Option
	err   error
}

func (q *queueStub) EnqueueContext(_ context.Context, task *asynq.Task, opts ...asynq.Option) (*asynq.TaskInfo, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return nil, q.err
	}
	q.tasks, q.opts = append(q.tasks, task), append(q.opts, opts)
	return &asynq.TaskInfo{}, nil
}
