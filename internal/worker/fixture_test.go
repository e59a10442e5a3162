package worker

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/internal/redisconn"
	"havip/ledger"
	"havip/tasks"
	"havip/test/bubbletest"
	"havip/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const batch = "b"

// concurrency is that of a worker's lanes: few, for each request costs the race detector memory.
const concurrency = 5

// workerFixture is a Redis and a simulated BCE.
type workerFixture struct {
	// redis is that of a bubble.
	redis  *bubbletest.Redis
	rdb    redis.UniversalClient
	ledger *ledger.Ledger
	sim    *bcesim.Server
	// together is that of its workers; nil is the default. In a bubble it is rdb: go-redis's pipelines take timers from a pool
	// that all tests of the process share, and a timer must not leave its bubble.
	together redis.Cmdable
	// taskCheck is that of its workers; 0 is the default.
	taskCheck time.Duration
	// url and transport lead to the BCE; a nil transport is the default.
	url       string
	transport http.RoundTripper
}

// newFixture has a real Redis, and a BCE behind a socket.
func newFixture(t *testing.T, faults string) *workerFixture {
	t.Helper()
	return newFixtureOn(t, redistest.Start(t), faults)
}

func newFixtureOn(t *testing.T, server *redistest.Server, faults string) *workerFixture {
	t.Helper()
	rdb, err := redisconn.Open(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	f := &workerFixture{rdb: rdb, ledger: ledger.New(rdb), sim: simulated(t, "", faults)}
	cloud := httptest.NewServer(f.sim)
	f.url = cloud.URL
	t.Cleanup(func() {
		f.sim.Close()
		cloud.Close()
		_ = rdb.Close()
	})
	return f
}

// inBubble runs a test with a fixture whose time is the bubble's own.
func inBubble(t *testing.T, personality, faults string, test func(t *testing.T, f *workerFixture)) {
	t.Helper()
	bubbletest.Run(t, func(t *testing.T) {
		server := bubbletest.StartRedis(t)
		rdb := server.Client(t)
		f := &workerFixture{redis: server, rdb: rdb, together: rdb, ledger: ledger.New(rdb), sim: simulated(t, personality, faults), url: "http://127.0.0.1"}
		f.taskCheck = time.Second // minutes pass, and each look costs its commands
		f.transport = bubbletest.Serve(t, f.sim)
		t.Cleanup(f.sim.Close)
		test(t, f)
	})
}

// simulated is a BCE with this personality and these faults.
func simulated(t *testing.T, personality, faults string) *bcesim.Server {
	t.Helper()
	var options bcesim.Options
	var err error
	if options.Personality, err = bcesim.ParsePersonality(personality); err != nil {
		t.Fatal(err)
	}
	if options.Faults, err = bcesim.ParseFaults(faults); err != nil {
		t.Fatal(err)
	}
	return bcesim.New(options)
}

func (f *workerFixture) lane(t *testing.T, region string, rps float64) LaneConfig {
	t.Helper()
	client, err := bce.NewClient(bce.Config{
		Endpoint: f.url, Transport: f.transport,
		Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return LaneConfig{Lane: tasks.Lane{Account: "default", Region: region}, API: client, RPS: rps}
}

func (f *workerFixture) start(t *testing.T, name string, lanes ...LaneConfig) *Worker {
	t.Helper()
	return f.startWorker(t, Config{Lanes: lanes, Name: name})
}

func (f *workerFixture) startWorker(t *testing.T, config Config) *Worker {
	t.Helper()
	config.Redis, config.together, config.Logger, config.Concurrency, config.taskCheck = f.rdb, f.together, zerolog.Nop(), concurrency, f.taskCheck
	w, err := Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return w
}

func (f *workerFixture) enqueue(t *testing.T, region string, n int) {
	t.Helper()
	producer := tasks.NewProducer(f.ledger, asynq.NewClientFromRedisClient(f.rdb), f.rdb)
	rows := func(yield func(tasks.Row, error) bool) {
		for i := range n {
			item := tasks.Item{Request: tasks.Request{Name: fmt.Sprintf("%s-%03d", region, i), SubnetID: "sbn-1"}}
			if !yield(tasks.Row{Line: i + 1, Item: item.WithDefaults(region)}, nil) {
				return
			}
		}
	}
	if err := producer.Apply(t.Context(), batch, ledger.Source{}, rows, nil); err != nil {
		t.Fatal(err)
	}
}

// await returns the batch once it is done, by watching its events.
func (f *workerFixture) await(t *testing.T) ledger.Batch {
	t.Helper()
	after := ""
	for {
		b, err := f.ledger.Batch(t.Context(), batch)
		if err != nil {
			t.Fatal(err)
		}
		if b.Done() {
			return b
		}
		events, err := f.ledger.Events(t.Context(), batch, after, 1000, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) > 0 {
			after = events[len(events)-1].ID
		}
	}
}

// exactlyOnce compares the ledger with what exists.
func (f *workerFixture) exactlyOnce(t *testing.T) {
	t.Helper()
	exists := map[string]bcesim.Record{}
	for _, record := range f.sim.Truth().Live() {
		exists[record.HaVIPID] = record
	}
	for item, err := range f.ledger.Items(t.Context(), batch) {
		if err != nil {
			t.Fatal(err)
		}
		rec := item.Record
		there, ok := exists[rec.HaVIPID]
		delete(exists, rec.HaVIPID)
		switch {
		case !rec.State.Succeeded() || !ok:
			t.Errorf("item %s is %s (%s: %s) with %q, which exists: %v", item.Key, rec.State, rec.Code, rec.Message, rec.HaVIPID, ok)
		case there.ClientToken != rec.ClientToken || there.PrivateIP != rec.PrivateIPAddress || there.Name != item.Key:
			t.Errorf("item %s: recorded %+v, exists %+v", item.Key, rec, there)
		}
	}
	for id := range exists {
		t.Errorf("%s exists and belongs to no item", id)
	}
	if stats := f.sim.Stats(); stats.LiveOverlaps != 0 || stats.WithoutToken != 0 {
		t.Errorf("overlapping sends: %d, sends without a token: %d", stats.LiveOverlaps, stats.WithoutToken)
	}
}
