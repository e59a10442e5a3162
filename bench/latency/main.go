// Command latency measures how long an item takes from enqueue to its first request to BCE and to its recorded haVipId
// while the worker is idle, and how many commands a second its idle lanes cost Redis.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/internal/redisconn"
	"havip/internal/standalone"
	"havip/internal/worker"
	"havip/ledger"
	"havip/tasks"
)

func main() {
	samples := flag.Int("samples", 100, "items, one at a time")
	lanes := flag.Int("lanes", 1, "lanes of the worker; the items are in one of them")
	pause := flag.Duration("pause", 200*time.Millisecond, "longest time between two items; with 5s and more, the lane's servers sleep meanwhile")
	flag.Parse()
	if err := measure(context.Background(), *samples, *lanes, *pause); err != nil {
		log.Fatal(err)
	}
}

func measure(ctx context.Context, samples, lanes int, pause time.Duration) error {
	dir, err := os.MkdirTemp("", "havip-latency")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	store, err := standalone.Child(ctx, dir) // redis-server, AOF always
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

	if err := idle(ctx, rdb, lanes); err != nil {
		return err
	}
	return latencies(ctx, rdb, samples, pause)
}

// idle counts the commands that Redis carries out for a worker with nothing to do, those inside
// scripts included.
func idle(ctx context.Context, rdb redis.Cmdable, lanes int) error {
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
	fmt.Printf("idle: %.1f commands/s for one worker with %d lanes, those inside scripts included\n", float64(after-before)/period.Seconds(), lanes)
	return nil
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
func latencies(ctx context.Context, rdb redis.Cmdable, samples int, pause time.Duration) error {
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
	show("enqueue to first request", sent)
	show("enqueue to recorded", recorded)
	return nil
}

func show(what string, took []time.Duration) {
	slices.Sort(took)
	at := func(q float64) time.Duration { return took[int(q*float64(len(took)-1))] }
	fmt.Printf("%s: median %v, p90 %v, p99 %v, max %v (%d items, AOF always)\n", what, at(0.5), at(0.9), at(0.99), at(1), len(took))
}
