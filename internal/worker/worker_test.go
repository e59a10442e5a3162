package worker

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/bce/bcesim"
	"havip/ledger"
	"havip/tasks"
)

// Lost answers of every kind, three workers, two lanes: exactly once.
func TestWorkersUnderFaults(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "seed=3,create:commit-500=x10,create:commit-reset=x10,create:commit-empty=x5,create:commit-truncated=x5,create:html-502=x5,create:429=x5,create:error-503=x5")
	for i := range 3 {
		f.start(t, fmt.Sprintf("w%d", i), f.lane(t, "bj", 0), f.lane(t, "gz", 0))
	}
	f.enqueue(t, "bj", 75)
	f.enqueue(t, "gz", 25)
	if b := f.await(t); b.Counts[ledger.Created] != 100 {
		t.Errorf("counts %v", b.Counts)
	}
	f.exactlyOnce(t)
}

// A stopping worker lets its requests end, and another one does the rest.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "create:gate-after", func(t *testing.T, f *workerFixture) {
		first := f.start(t, "w1", f.lane(t, "bj", 0))
		f.enqueue(t, "bj", 40)
		for len(f.sim.Truth().Live()) < 20 {
			f.awaitInFlight(1)
			f.sim.OpenGate(1)
			synctest.Wait()
		}
		f.awaitInFlight(concurrency)
		<-time.After(time.Second)
		if n := f.sim.AtGate(); n != concurrency {
			t.Errorf("%d requests are in flight, want %d: of the tasks that have been taken, one waits", n, concurrency)
		}
		stopped := make(chan struct{})
		go func() {
			first.Stop()
			close(stopped)
		}()
		synctest.Wait()
		select {
		case <-stopped:
			t.Error("stopped with requests in flight")
		default:
		}
		if err := f.sim.SetFaults(bcesim.Faults{}); err != nil {
			t.Fatal(err)
		}
		f.sim.OpenGate(0)
		<-stopped
		b, err := f.ledger.Batch(t.Context(), batch)
		if err != nil {
			t.Fatal(err)
		}
		if b.Counts[ledger.Sending] != 0 || b.Counts[ledger.Unknown] != 0 || b.Open() == 0 {
			t.Errorf("after stopping under load: %v; want none in flight or of unknown outcome, and some open", b.Counts)
		}
		f.start(t, "w2", f.lane(t, "bj", 0))
		f.await(t)
		f.exactlyOnce(t)
		for item, err := range f.ledger.Items(t.Context(), batch) {
			if err != nil {
				t.Fatal(err)
			}
			if item.Record.Attempts != 1 {
				t.Errorf("item %s took %d attempts: stopping must not count", item.Key, item.Record.Attempts)
			}
		}
	})
}

// awaitInFlight waits, in a bubble, until n requests wait at the gate.
func (f *workerFixture) awaitInFlight(n int) {
	for f.sim.AtGate() < n {
		<-time.After(10 * time.Millisecond)
	}
}

// The rate is one budget over the fleet.
func TestRateIsTheFleets(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		for i := range 3 {
			f.start(t, fmt.Sprintf("w%d", i), f.lane(t, "bj", 50))
		}
		started := time.Now()
		f.enqueue(t, "bj", 55)
		f.await(t)
		if took := time.Since(started); took < 900*time.Millisecond {
			t.Errorf("55 requests at 50/s, burst 5, took %v", took)
		}
	})
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
	l := asynqLogger{zerolog.New(&out), nil}
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

func TestShares(t *testing.T) {
	t.Parallel()
	for concurrency, want := range map[int][]int{1: {1}, 8: {8}, 9: {4, 5}, 32: {8, 8, 8, 8}, 1600: slices.Repeat([]int{100}, 16)} {
		if got := shares(concurrency); !slices.Equal(got, want) {
			t.Errorf("%d in flight are shared as %v; want %v", concurrency, got, want)
		}
	}
}
