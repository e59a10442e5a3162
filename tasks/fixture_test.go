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

// handlerFixture is a handler between a real Redis and a simulated BCE, both of its own. Tests call the
// handler as asynq would, so that nothing depends on time.
type handlerFixture struct {
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

// clock is moved by tests. It stands still in between, unless it runs as BCE's does.
type clock struct {
	mu   sync.Mutex
	now  time.Time
	runs time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.runs.IsZero() {
		return c.now
	}
	return c.now.Add(time.Since(c.runs))
}

// run has it run from now on.
func (c *clock) run() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.runs.IsZero() {
		c.runs = time.Now()
	}
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

func newFixture(t *testing.T, faults string) *handlerFixture {
	t.Helper()
	return newFixtureLike(t, "", faults)
}

// newFixtureLike is a fixture with a BCE of this personality.
func newFixtureLike(t *testing.T, personality, faults string) *handlerFixture {
	t.Helper()
	var options bcesim.Options
	var err error
	if options.Faults, err = bcesim.ParseFaults(faults); err != nil {
		t.Fatal(err)
	}
	if options.Personality, err = bcesim.ParsePersonality(personality); err != nil {
		t.Fatal(err)
	}
	f := &handlerFixture{T: t, redis: redistest.Start(t), clock: &clock{now: time.Now()}, logs: &logBuffer{}}
	f.rdb = f.redis.Client(t)
	f.ledger = ledger.New(f.rdb, ledger.WithClock(f.clock.Now))
	f.sim = bcesim.New(options)
	server := httptest.NewServer(f.sim)
	t.Cleanup(func() { f.sim.Close(); server.Close() })
	f.api, err = bce.NewClient(bce.Config{
		Endpoint:    server.URL,
		Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
		OnAttempt:   f.observe,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.api.CloseIdleConnections)
	f.handler = NewHandler(f.config())
	return f
}

func (f *handlerFixture) config() HandlerConfig {
	return HandlerConfig{
		Lane: testLane, API: f.api, Ledger: f.ledger, Worker: "w1",
		Logger: zerolog.New(f.logs),
	}
}

func (f *handlerFixture) observe(a bce.Attempt) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = append(f.sent, a)
}

func testItem(key, address string) Item {
	return Item{
		Key: key, Account: "default", Region: "bj",
		Request: Request{Name: key, SubnetID: "sbn-1", PrivateIPAddress: address, Description: "d"},
	}
}

// put registers the item and returns its task.
func (f *handlerFixture) put(item Item) *asynq.Task {
	f.Helper()
	queue := &queueStub{}
	if _, err := NewProducer(f.ledger, queue, nil).Enqueue(f.Context(), testBatch, item); err != nil {
		f.Fatal(err)
	}
	return queue.tasks[0]
}

// newPayload is what another producer puts in for an item, under the given token.
func newPayload(batch string, item Item, token string) Payload {
	p := Payload{
		Version: PayloadVersion, Batch: batch, Key: item.Key,
		Account: item.Account, Region: item.Region, ClientToken: token,
	}
	p.Request.Name = item.Request.Name
	p.Request.SubnetID = item.Request.SubnetID
	p.Request.PrivateIPAddress = item.Request.PrivateIPAddress
	p.Request.Description = item.Request.Description
	return p
}

// foreign is the task of another producer.
func foreign(item Item, token string) *asynq.Task {
	return asynq.NewTask(TypeCreate, newPayload(testBatch, item, token).Encode())
}

func (f *handlerFixture) record(key string) ledger.Record {
	f.Helper()
	item, err := f.ledger.Item(f.Context(), testBatch, key)
	if err != nil {
		f.Fatal(err)
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
