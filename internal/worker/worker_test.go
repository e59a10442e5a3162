package worker

import (
	"bytes"
	"fmt"
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
	"havip/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const batch = "b"

// site is a Redis and a simulated BCE.
type site struct {
	rdb    redis.UniversalClient
	ledger *ledger.Ledger
	sim    *bcesim.Server
	url    string
}

func newSite(t *testing.T, faults string) *site {
	t.Helper()
	parsed, err := bcesim.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	return newSiteOf(t, bcesim.Options{Faults: parsed})
}

func newSiteOf(t *testing.T, options bcesim.Options) *site {
	t.Helper()
	rdb, err := redisconn.Open(t.Context(), redistest.Start(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	s := &site{rdb: rdb, ledger: ledger.New(rdb), sim: bcesim.New(options)}
	server := httptest.NewServer(s.sim)
	s.url = server.URL
	t.Cleanup(func() {
		s.sim.Close()
		server.Close()
		_ = rdb.Close()
	})
	return s
}

func (s *site) lane(t *testing.T, region string, rps float64) LaneConfig {
	t.Helper()
	client, err := bce.NewClient(bce.Config{
		Endpoint:    s.url,
		Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return LaneConfig{Lane: tasks.Lane{Account: "default", Region: region}, API: client, RPS: rps}
}

func (s *site) start(t *testing.T, name string, lanes ...LaneConfig) *Worker {
	t.Helper()
	w, err := Start(Config{Redis: s.rdb, Lanes: lanes, Name: name, Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return w
}

func (s *site) enqueue(t *testing.T, region string, n int) {
	t.Helper()
	producer := tasks.NewProducer(s.ledger, asynq.NewClientFromRedisClient(s.rdb))
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
func (s *site) await(t *testing.T) ledger.Batch {
	t.Helper()
	after := ""
	for {
		b, err := s.ledger.Batch(t.Context(), batch)
		if err != nil {
			t.Fatal(err)
		}
		if b.Done() && b.AddressPending == 0 {
			return b
		}
		events, err := s.ledger.Events(t.Context(), batch, after, 1000, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) > 0 {
			after = events[len(events)-1].ID
		}
	}
}

// exactlyOnce compares the ledger with what exists.
func (s *site) exactlyOnce(t *testing.T) {
	t.Helper()
	exists := map[string]bcesim.Record{}
	for _, record := range s.sim.Truth().Live() {
		exists[record.HaVIPID] = record
	}
	for item, err := range s.ledger.Items(t.Context(), batch) {
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
	if stats := s.sim.Stats(); stats.LiveOverlaps != 0 || stats.WithoutToken != 0 {
		t.Errorf("overlapping sends: %d, sends without a token: %d", stats.LiveOverlaps, stats.WithoutToken)
	}
}

// Lost answers of every kind, three workers, two lanes: exactly once.
func TestWorkersUnderFaults(t *testing.T) {
	t.Parallel()
	s := newSite(t, "seed=3,create:commit-500=x20,create:commit-reset=x20,create:commit-empty=x10,create:commit-truncated=x10,create:html-502=x10,create:429=x10,create:error-503=x10")
	for i := range 3 {
		s.start(t, fmt.Sprintf("w%d", i), s.lane(t, "bj", 0), s.lane(t, "gz", 0))
	}
	s.enqueue(t, "bj", 150)
	s.enqueue(t, "gz", 50)
	if b := s.await(t); b.Counts[ledger.Created] != 200 {
		t.Errorf("counts %v", b.Counts)
	}
	s.exactlyOnce(t)
}

// A stopping worker lets its requests end, and another one does the rest.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	s := newSite(t, "create:stall-after=0.2:100ms")
	first := s.start(t, "w1", s.lane(t, "bj", 0))
	s.enqueue(t, "bj", 200)
	for {
		events, err := s.ledger.Events(t.Context(), batch, "", 100, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) > 20 {
			break
		}
	}
	first.Stop()
	b, err := s.ledger.Batch(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	if b.Counts[ledger.Sending] != 0 || b.Counts[ledger.Unknown] != 0 || b.Open() == 0 {
		t.Errorf("after stopping under load: %v; want nothing in flight or in doubt, and some left to do", b.Counts)
	}
	s.start(t, "w2", s.lane(t, "bj", 0))
	s.await(t)
	s.exactlyOnce(t)
	for item, err := range s.ledger.Items(t.Context(), batch) {
		if err != nil {
			t.Fatal(err)
		}
		if item.Record.Attempts != 1 {
			t.Errorf("item %s took %d attempts: stopping must not count", item.Key, item.Record.Attempts)
		}
	}
}

// The rate is one budget over the fleet.
func TestRateIsTheFleets(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	for i := range 3 {
		s.start(t, fmt.Sprintf("w%d", i), s.lane(t, "bj", 50))
	}
	s.enqueue(t, "bj", 55)
	started := time.Now()
	s.await(t)
	if took := time.Since(started); took < 900*time.Millisecond {
		t.Errorf("55 requests at 50/s, burst 5, took %v", took)
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { _ = rdb.Close() })
	lanes := []LaneConfig{{Lane: tasks.Lane{Account: "default", Region: "bj"}}}
	for name, config := range map[string]Config{
		"no redis":             {Lanes: lanes},
		"no lane":              {Redis: rdb},
		"negative concurrency": {Redis: rdb, Lanes: lanes, Concurrency: -1},
		"a grace that cuts":    {Redis: rdb, Lanes: lanes, Grace: tasks.DefaultRequestTimeout},
		"a request for hours":  {Redis: rdb, Lanes: lanes, RequestTimeout: time.Hour},
	} {
		if w, err := Start(config); err == nil {
			w.Stop()
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestAsynqLinesGoToTheLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := asynqLogger{zerolog.New(&out)}
	l.Debug("a")
	l.Info("b")
	l.Warn("c", 1)
	l.Error("d")
	l.Fatal("e")
	want := `{"level":"debug","message":"a"}
{"level":"info","message":"b"}
{"level":"warn","message":"c1"}
{"level":"error","message":"d"}
{"level":"error","message":"e"}
`
	if out.String() != want {
		t.Errorf("got %s", out.String())
	}
}
