package hazards

import (
	"context"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/internal/redisconn"
	"havip/internal/worker"
	"havip/ledger"
	"havip/tasks"
	"havip/test/bubbletest"
)

func TestMain(m *testing.M) {
	redisconn.LogTo(nil) // what go-redis says of an outage is expected here
	// go-redis looks once a second whether a Redis that was lost is back, and so ends a second late.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

const batch = "b"

var bj = tasks.Lane{Account: "default", Region: "bj"}

// hazardFixture is a Redis, with asynq and a ledger in it, and a simulated BCE.
type hazardFixture struct {
	rdb       redis.UniversalClient
	ledger    *ledger.Ledger
	inspector *asynq.Inspector
	sim       *bcesim.Server
	api       *bce.Client
	// memory is the Redis of a bubble.
	memory *bubbletest.Redis
	// commands are those of rdb on a cluster.
	commands commands
}

// inBubble runs a test with a fixture whose time is the bubble's own.
func inBubble(t *testing.T, faults string, test func(t *testing.T, f *hazardFixture)) {
	t.Helper()
	bubbletest.Run(t, func(t *testing.T) {
		// A run that asynq has given up may go on trying to record, and must end in the bubble.
		t.Cleanup(func() { pass(2 * time.Minute) })
		memory := bubbletest.StartRedis(t)
		f := newFixture(t, memory.Client(t), faults)
		f.memory = memory
		test(t, f)
	})
}

func newFixture(t *testing.T, rdb redis.UniversalClient, faults string) *hazardFixture {
	t.Helper()
	parsed, err := bcesim.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	sim := bcesim.New(bcesim.Options{Faults: parsed})
	return (&hazardFixture{sim: sim, api: connect(t, sim)}).movedTo(rdb)
}

// movedTo is the same BCE with another Redis.
func (f *hazardFixture) movedTo(rdb redis.UniversalClient) *hazardFixture {
	return &hazardFixture{
		rdb: rdb, ledger: ledger.New(rdb), inspector: asynq.NewInspectorFromRedisClient(rdb),
		sim: f.sim, api: f.api,
	}
}

// connect serves the simulator and returns a client of it.
func connect(t *testing.T, sim *bcesim.Server) *bce.Client {
	t.Helper()
	transport := bubbletest.Serve(t, sim)
	t.Cleanup(sim.Close)
	client, err := bce.NewClient(bce.Config{
		Endpoint: "http://127.0.0.1", Transport: transport,
		Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// intercept gives all commands to the hook, each on its own: go-redis has no hooks for those in shared round trips of a client
// with another timeout.
func (f *hazardFixture) intercept(h hook) {
	f.rdb.AddHook(h)
	f.rdb = struct{ redis.UniversalClient }{f.rdb}
}

// worker starts a whole worker of the lane.
func (f *hazardFixture) worker(t *testing.T, name string, lanes ...worker.LaneConfig) *worker.Worker {
	t.Helper()
	if lanes == nil {
		lanes = []worker.LaneConfig{{Lane: bj, API: f.api}}
	}
	// More in flight would show no more, and cost the race detector memory.
	started, err := worker.Start(worker.Config{Redis: f.rdb, Lanes: lanes, Name: name, Concurrency: 8, Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(started.Stop)
	return started
}

// handler is the product's, for a server on terms that no worker accepts.
func (f *hazardFixture) handler(config tasks.HandlerConfig) *tasks.Handler {
	config.Lane, config.Ledger, config.Worker, config.Logger = bj, f.ledger, "w", zerolog.Nop()
	if config.API == nil {
		config.API = f.api
	}
	return tasks.NewHandler(config)
}

// serve starts a bare server with a handler.
func (f *hazardFixture) serve(t *testing.T, config asynq.Config, handler func(context.Context, *asynq.Task) error) *asynq.Server {
	t.Helper()
	config.Queues = map[string]int{bj.Queue(): 1}
	config.RetryDelayFunc, config.IsFailure = tasks.RetryDelayFunc, tasks.IsFailure
	config.LogLevel = asynq.FatalLevel
	server := asynq.NewServerFromRedisClient(f.rdb, config)
	if err := server.Start(asynq.HandlerFunc(handler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	return server
}
