// Fairness measures how much longer a batch of 10 takes behind a large batch, and behind one of low priority, than alone.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/bench/lab"
	"havip/internal/worker"
	"havip/ledger"
	"havip/tasks"
)

// maxTimes is what is claimed.
const maxTimes = 3.0

const small = 10

var lane = tasks.Lane{Account: "default", Region: "bj"}

func main() {
	large := flag.Int("large", 100_000, "items of the large batch")
	flag.Parse()
	lab.Main(10*time.Minute, func(ctx context.Context, site *lab.Site, claims *lab.Claims) error {
		for _, rps := range []float64{5, 50, 0} {
			if err := measure(ctx, site, claims, rps, *large); err != nil {
				return err
			}
		}
		return nil
	})
}

// measure compares at one limit of the lane.
func measure(ctx context.Context, site *lab.Site, claims *lab.Claims, rps float64, large int) error {
	cloud := bcesim.New(bcesim.Options{Latency: 50 * time.Millisecond})
	defer cloud.Close()
	server := httptest.NewServer(cloud)
	defer server.Close()
	store, err := site.Redis(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	rdb := store.Client()
	client, err := bce.NewClient(bce.Config{
		Endpoint: server.URL, Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
	})
	if err != nil {
		return err
	}
	w, err := worker.Start(worker.Config{Redis: rdb, Name: "one", Logger: zerolog.Nop(), Lanes: []worker.LaneConfig{{Lane: lane, API: client, RPS: rps}}})
	if err != nil {
		return err
	}
	defer w.Stop()
	alone, err := take(ctx, rdb, "alone", "")
	if err != nil {
		return err
	}
	if err := enqueue(ctx, rdb, "large", large, ""); err != nil {
		return err
	}
	limit := fmt.Sprintf("at %g requests/s", rps)
	if rps == 0 {
		limit = "without a limit"
	}
	for _, c := range []struct {
		what     string
		priority tasks.Priority
	}{{"behind a large one", ""}, {"of high priority behind a large one", tasks.PriorityHigh}} {
		took, err := take(ctx, rdb, "small-"+string(c.priority), c.priority)
		if err != nil {
			return err
		}
		claims.AtMost(fmt.Sprintf("time of a batch of %d %s to alone, %s", small, c.what, limit), []float64{took.Seconds() / alone.Seconds()}, maxTimes,
			fmt.Sprintf("%.1f s, alone %.1f s; the large one has %d items", took.Seconds(), alone.Seconds(), large))
	}
	return nil
}

// take returns how long a small batch takes.
func take(ctx context.Context, rdb redis.UniversalClient, batch string, priority tasks.Priority) (time.Duration, error) {
	began := time.Now()
	if err := enqueue(ctx, rdb, batch, small, priority); err != nil {
		return 0, err
	}
	records, after := ledger.New(rdb), ""
	for {
		b, err := records.Batch(ctx, batch)
		if err != nil || b.Done() {
			return time.Since(began), err
		}
		events, err := records.Events(ctx, batch, after, 1000, time.Second)
		if err != nil {
			return 0, err
		}
		if len(events) > 0 {
			after = events[len(events)-1].ID
		}
	}
}

func enqueue(ctx context.Context, rdb redis.UniversalClient, batch string, items int, priority tasks.Priority) error {
	producer, release, err := tasks.PipelinedProducer(ledger.New(rdb), rdb)
	if err != nil {
		return err
	}
	defer release()
	return producer.Apply(ctx, batch, ledger.Source{}, func(yield func(tasks.Row, error) bool) {
		for i := range items {
			item := tasks.Item{Request: tasks.Request{Name: fmt.Sprintf("%s-%d", batch, i), SubnetID: "sbn-1"}, Priority: priority}
			if !yield(tasks.Row{Line: i + 1, Item: item.WithDefaults("bj")}, nil) {
				return
			}
		}
	}, nil)
}
