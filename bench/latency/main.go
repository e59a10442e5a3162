// Command latency measures how long an item takes from enqueue to its first request to BCE and to its recorded haVipId
// while the worker is idle, and how many commands a second its idle lanes cost Redis.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/bench/lab"
	"havip/internal/redisconn"
	"havip/internal/standalone"
	"havip/internal/worker"
	"havip/ledger"
	"havip/tasks"
)

// What is claimed.
const (
	maxPickUp = 50.0 // ms, the median from enqueue to first request
	maxIdle   = 40.0 // commands a second, for any number of lanes
)

func main() {
	samples := flag.Int("samples", 100, "items, one at a time")
	lanes := flag.Int("lanes", 1, "lanes of the worker; the items are in one of them")
	pause := flag.Duration("pause", 200*time.Millisecond, "longest time between two items; with 5s and more, the lane's servers sleep meanwhile")
	flag.Parse()
	lab.Main(4*time.Minute, func(ctx context.Context, site *lab.Site, claims *lab.Claims) error {
		return measure(ctx, site, claims, *samples, *lanes, *pause)
	})
}

func measure(ctx context.Context, site *lab.Site, claims *lab.Claims, samples, lanes int, pause time.Duration) error {
	store, err := standalone.Child(ctx, site.Path("store")) // redis-server, AOF always
	if err != nil {
		return err
	}
	defer store.Close()
	sim := httptest.NewServer(bcesim.New(bcesim.Options{}))
	defer sim.Close()
	client, err := bce.NewClient(bce.Config{
		Endpoint:    sim.URL,
		Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
	})
	if err != nil {
		return err
	}
	rdb := store.Client()
	served := []worker.LaneConfig{{Lane: tasks.Lane{Account: tasks.DefaultAccount, Region: "bj"}, API: client}}
	for i := range lanes - 1 {
		served = append(served, worker.LaneConfig{Lane: tasks.Lane{Account: "a" + strconv.Itoa(i), Region: "bj"}, API: client})
	}
	w, err := worker.Start(worker.Config{Redis: rdb, Name: "latency", Logger: zerolog.Nop(), Lanes: served})
	if err != nil {
		return err
	}
	defer w.Stop()

	if err := idle(ctx, rdb, claims, lanes); err != nil {
		return err
	}
	return latencies(ctx, rdb, claims, samples, lanes, pause)
}

// idle counts the commands that Redis carries out for a worker with nothing to do, those inside
// scripts included.
func idle(ctx context.Context, rdb redis.Cmdable, claims *lab.Claims, lanes int) error {
	const period = 10 * time.Second
	before, err := processed(ctx, rdb)
	if err != nil {
		return err
	}
	time.Sleep(period)
	after, err := processed(ctx, rdb)
	if err != nil {
		return err
	}
	claims.AtMost("commands a second of Redis, "+idleWorker(lanes), []float64{float64(after-before) / period.Seconds()}, maxIdle,
		"those inside scripts included")
	return nil
}

func idleWorker(lanes int) string {
	if lanes == 1 {
		return "idle worker with 1 lane"
	}
	return fmt.Sprintf("idle worker with %d lanes", lanes)
}

func processed(ctx context.Context, rdb redis.Cmdable) (int, error) {
	info, err := rdb.(*redis.Client).InfoMap(ctx, "stats").Result()
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(info["Stats"]["total_commands_processed"])
}

// latencies enqueues one item after the other, at random moments, and takes the times that the
// ledger recorded by Redis's clock.
func latencies(ctx context.Context, rdb redis.Cmdable, claims *lab.Claims, samples, lanes int, pause time.Duration) error {
	records := ledger.New(rdb)
	producer := tasks.NewProducer(records, asynq.NewClientFromRedisClient(redisconn.Full(rdb)), rdb)
	var sent, recorded []time.Duration
	for i := range samples {
		time.Sleep(rand.N(pause))
		item := tasks.Item{Request: tasks.Request{
			Name: fmt.Sprintf("vip-%d", i), SubnetID: "sbn-1", PrivateIPAddress: fmt.Sprintf("10.0.%d.%d", i/200, i%200+1),
		}}.WithDefaults("bj")
		if _, err := producer.Enqueue(ctx, "latency", item); err != nil {
			return err
		}
		for {
			got, err := records.Item(ctx, "latency", item.Key)
			if err != nil {
				return err
			}
			if got.Record.State.Terminal() {
				registered := got.Record.RegisteredAt.Time()
				sent = append(sent, got.Record.FirstSentAt.Time().Sub(registered))
				recorded = append(recorded, got.Record.UpdatedAt.Time().Sub(registered))
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	who := idleWorker(lanes)
	claims.AtMost("ms from enqueue to first request, median, "+who, []float64{quantile(sent, 0.5)}, maxPickUp,
		fmt.Sprintf("p90 %.0f, p99 %.0f, of %d items; every write of Redis synced", quantile(sent, 0.9), quantile(sent, 0.99), samples))
	for q, name := range map[float64]string{0.5: "median", 0.99: "p99"} {
		claims.Figure(lab.Figure{Case: who, Who: "havip", Metric: "ms from enqueue to recorded, " + name, Values: []float64{quantile(recorded, q)}})
	}
	return nil
}

// quantile is in milliseconds.
func quantile(took []time.Duration, q float64) float64 {
	slices.Sort(took)
	return float64(took[int(q*float64(len(took)-1))].Microseconds()) / 1000
}
