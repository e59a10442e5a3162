package havip_test

import (
	"net/http"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip"
	"havip/bce"
	"havip/bce/bcesim"
	"havip/internal/worker"
	"havip/ledger"
	"havip/tasks"
	"havip/test/bubbletest"
	"havip/test/redistest"
)

// clientFixture is a Redis, and a simulated BCE for the workers.
type clientFixture struct {
	// connect returns another connection, as another program would open one; rdb is the first.
	connect func() redis.UniversalClient
	rdb     redis.UniversalClient
	sim     *bcesim.Server
	// workers is the ledger on a worker's connection.
	workers *ledger.Ledger
	// transport sends workers' requests to sim.
	transport http.RoundTripper
}

// newClientFixture has a real Redis.
func newClientFixture(t *testing.T) (*clientFixture, *redistest.Server) {
	t.Helper()
	server := redistest.Start(t, redistest.AppendOnly(redistest.Always))
	f := &clientFixture{connect: func() redis.UniversalClient { return server.Client(t) }}
	f.rdb, f.workers = f.connect(), ledger.New(f.connect())
	return f, server
}

// inClientBubble runs a test with a fixture in a synctest bubble.
func inClientBubble(t *testing.T, faults string, test func(t *testing.T, f *clientFixture, server *bubbletest.Redis)) {
	t.Helper()
	parsed, err := bcesim.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	bubbletest.Run(t, func(t *testing.T) {
		server := bubbletest.StartRedis(t)
		f := &clientFixture{
			connect: func() redis.UniversalClient { return server.Client(t) },
			sim:     bcesim.New(bcesim.Options{Faults: parsed}),
		}
		f.rdb, f.workers = f.connect(), ledger.New(f.connect())
		f.transport = bubbletest.Serve(t, f.sim)
		t.Cleanup(f.sim.Close)
		test(t, f, server)
	})
}

// work starts a worker of the lane default/bj.
func (f *clientFixture) work(t *testing.T) {
	t.Helper()
	w, err := startWorker(f.connect(), "http://127.0.0.1", f.transport)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

// startWorker limits concurrency, because each goroutine costs the race detector memory.
func startWorker(rdb redis.UniversalClient, url string, transport http.RoundTripper) (*worker.Worker, error) {
	api, err := bce.NewClient(bce.Config{
		Endpoint: url, Transport: transport,
		Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
	})
	if err != nil {
		return nil, err
	}
	lane := worker.LaneConfig{Lane: tasks.Lane{Account: tasks.DefaultAccount, Region: "bj"}, API: api}
	return worker.Start(worker.Config{Redis: rdb, Lanes: []worker.LaneConfig{lane}, Name: "w", Concurrency: 8, Logger: zerolog.Nop()})
}

func named(names ...string) []havip.Item {
	items := make([]havip.Item, len(names))
	for i, name := range names {
		items[i] = havip.Item{Request: havip.Request{Name: name, SubnetID: "sbn-1"}}
	}
	return items
}
