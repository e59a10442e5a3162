package tasks_test

import (
	"net/http/httptest"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/internal/redisconn"
	"havip/internal/worker"
	"havip/tasks"
	"havip/test/redistest"
)

// clientFixture is what a client's program finds: a Redis, and a simulated BCE for the workers.
type clientFixture struct {
	server *redistest.Server
	// rdb is the program's own client, as it would open one.
	rdb redis.UniversalClient
	sim *bcesim.Server
	url string
}

func newClientFixture(t *testing.T, faults string) *clientFixture {
	t.Helper()
	parsed, err := bcesim.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	f := &clientFixture{server: redistest.Start(t, redistest.AppendOnly(redistest.Always)), sim: bcesim.New(bcesim.Options{Faults: parsed})}
	f.rdb = f.server.Client(t)
	server := httptest.NewServer(f.sim)
	f.url = server.URL
	t.Cleanup(func() { f.sim.Close(); server.Close() })
	return f
}

// work starts a worker of the lane default/bj.
func (f *clientFixture) work(t *testing.T) {
	t.Helper()
	rdb, err := redisconn.Open(t.Context(), f.server.URL())
	if err != nil {
		t.Fatal(err)
	}
	w, err := startWorker(rdb, f.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Stop(); _ = rdb.Close() })
}

func startWorker(rdb redis.UniversalClient, url string) (*worker.Worker, error) {
	api, err := bce.NewClient(bce.Config{
		Endpoint:    url,
		Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
	})
	if err != nil {
		return nil, err
	}
	lane := worker.LaneConfig{Lane: tasks.Lane{Account: tasks.DefaultAccount, Region: "bj"}, API: api}
	return worker.Start(worker.Config{Redis: rdb, Lanes: []worker.LaneConfig{lane}, Name: "w", Logger: zerolog.Nop()})
}

func named(names ...string) []tasks.Item {
	items := make([]tasks.Item, len(names))
	for i, name := range names {
		items[i] = tasks.Item{Request: tasks.Request{Name: name, SubnetID: "sbn-1"}}
	}
	return items
}
