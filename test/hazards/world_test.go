package hazards

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/internal/redisconn"
	"havip/internal/worker"
	"havip/ledger"
	"havip/tasks"
)

func TestMain(m *testing.M) {
	redisconn.LogTo(nil) // what go-redis says of an outage is expected here
	// go-redis looks once a second whether a Redis that was lost is back, and so ends a second late.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

const batch = "b"

var bj = tasks.Lane{Account: "default", Region: "bj"}

// world is a Redis, with asynq and a ledger in it, and a simulated BCE.
type world struct {
	rdb       redis.UniversalClient
	ledger    *ledger.Ledger
	inspector *asynq.Inspector
	sim       *bcesim.Server
	api       *bce.Client
	// line leads to Redis, in a bubble.
	line *line
}

// inBubble runs a test in a world whose time is the bubble's own.
func inBubble(t *testing.T, faults string, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		// A run that asynq has given up may go on trying to record, and must end in the bubble.
		t.Cleanup(func() { pass(2 * time.Minute) })
		server := miniredis.NewMiniRedis()
		server.ClockTTL(true)
		t.Cleanup(server.Close)
		l := &line{redis: server}
		w := newWorld(t, memoryClient(t, l), faults)
		w.line = l
		test(t, w)
	})
}

// memoryClient is set up as those of redisconn are.
func memoryClient(t *testing.T, l *line) redis.UniversalClient {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{
		Dialer: l.Dial, DialerRetries: 1, ContextTimeoutEnabled: true, DisableIdentity: true,
		// Of a socket go-redis sees itself that it broke while it was idle.
		ConnMaxIdleTime:          10 * time.Second,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	redisconn.HealAcks(rdb)
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

func newWorld(t *testing.T, rdb redis.UniversalClient, faults string) *world {
	t.Helper()
	parsed, err := bcesim.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	sim := bcesim.New(bcesim.Options{Faults: parsed})
	return (&world{sim: sim, api: connect(t, sim)}).movedTo(rdb)
}

// movedTo is the same BCE with another Redis.
func (w *world) movedTo(rdb redis.UniversalClient) *world {
	return &world{
		rdb: rdb, ledger: ledger.New(rdb), inspector: asynq.NewInspectorFromRedisClient(rdb),
		sim: w.sim, api: w.api,
	}
}

// connect serves the simulator over pipes and returns a client of it.
func connect(t *testing.T, sim *bcesim.Server) *bce.Client {
	t.Helper()
	network := newPipes()
	server := &http.Server{Handler: sim}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(network) })
	transport := &http.Transport{DialContext: network.DialContext, MaxIdleConnsPerHost: 100}
	t.Cleanup(func() {
		sim.Close()
		transport.CloseIdleConnections()
		_ = server.Close()
		served.Wait()
	})
	client, err := bce.NewClient(bce.Config{
		Endpoint: "http://127.0.0.1", Transport: transport,
		Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// worker starts a whole worker of the lane.
func (w *world) worker(t *testing.T, name string, lanes ...worker.LaneConfig) *worker.Worker {
	t.Helper()
	if lanes == nil {
		lanes = []worker.LaneConfig{{Lane: bj, API: w.api}}
	}
	started, err := worker.Start(worker.Config{Redis: w.rdb, Lanes: lanes, Name: name, Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(started.Stop)
	return started
}

// handler is the product's, for a server on terms that no worker accepts.
func (w *world) handler(config tasks.HandlerConfig) *tasks.Handler {
	config.Lane, config.Ledger, config.Worker, config.Logger = bj, w.ledger, "w", zerolog.Nop()
	if config.API == nil {
		config.API = w.api
	}
	return tasks.NewHandler(config)
}

// serve starts a bare server with a handler.
func (w *world) serve(t *testing.T, config asynq.Config, handler func(context.Context, *asynq.Task) error) *asynq.Server {
	t.Helper()
	config.Queues = map[string]int{bj.Queue(): 1}
	config.RetryDelayFunc, config.IsFailure = tasks.RetryDelayFunc, tasks.IsFailure
	config.LogLevel = asynq.FatalLevel
	server := asynq.NewServerFromRedisClient(w.rdb, config)
	if err := server.Start(asynq.HandlerFunc(handler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	return server
}
