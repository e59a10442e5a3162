// Command cost measures what an item costs Redis on its way from apply to a confirmed HaVIP, beside what asynq
// alone costs for a task that does nothing: the CPU of redis-server, and how often the ledger reads.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/bench/lab"
	"havip/internal/worker"
	"havip/ledger"
	"havip/tasks"
)

// What is claimed; see bench/README.md.
const (
	maxOfAsynq = 1.6
	maxCommit  = 35.0 // µs
)

func main() {
	items := flag.Int("items", 5000, "items a round")
	rounds := flag.Int("rounds", 3, "rounds of each, in turns")
	flag.Parse()
	lab.Main(8*time.Minute, func(ctx context.Context, site *lab.Site, claims *lab.Claims) error {
		return measure(ctx, site, claims, *items, *rounds)
	})
}

func measure(ctx context.Context, site *lab.Site, claims *lab.Claims, items, rounds int) error {
	var ratios, commits []float64
	for range rounds {
		bare, err := round(ctx, site, items, runBare)
		if err != nil {
			return fmt.Errorf("asynq alone: %w", err)
		}
		ours, err := round(ctx, site, items, runOurs)
		if err != nil {
			return err
		}
		fmt.Printf("asynq alone %.0f µs of Redis's CPU an item; ours %.0f µs; a script of ours %.1f µs on average\n", bare.cpu, ours.cpu, ours.script)
		ratios, commits = append(ratios, ours.cpu/bare.cpu), append(commits, ours.script)
	}
	claims.AtMost("Redis's CPU for an item, to that for a task of asynq's", lab.Median(ratios), maxOfAsynq, lab.Spread(ratios))
	claims.AtMost("µs of Redis's CPU for a script call, on average", lab.Median(commits), maxCommit, lab.Spread(commits))
	return nil
}

// cost is of one item.
type cost struct{ cpu, script float64 }

func round(ctx context.Context, site *lab.Site, items int, run func(context.Context, redis.UniversalClient, int) error) (cost, error) {
	server, err := site.Redis(ctx)
	if err != nil {
		return cost{}, err
	}
	defer server.Close()
	rdb := server.Client()
	before, err := cpu(ctx, rdb)
	if err != nil {
		return cost{}, err
	}
	if err := run(ctx, rdb, items); err != nil {
		return cost{}, err
	}
	after, err := cpu(ctx, rdb)
	if err != nil {
		return cost{}, err
	}
	script, err := perScript(ctx, rdb)
	return cost{(after - before) * 1e6 / float64(items), script}, err
}

// cpu is what redis-server has used, in seconds.
func cpu(ctx context.Context, rdb *redis.Client) (float64, error) {
	info, err := rdb.InfoMap(ctx, "cpu").Result()
	if err != nil {
		return 0, err
	}
	total := 0.0
	for _, name := range []string{"used_cpu_user", "used_cpu_sys"} {
		seconds, err := strconv.ParseFloat(info["CPU"][name], 64)
		if err != nil {
			return 0, err
		}
		total += seconds
	}
	return total, nil
}

// perScript is what a call of a script took, in microseconds, asynq's among them.
func perScript(ctx context.Context, rdb *redis.Client) (float64, error) {
	info, err := rdb.InfoMap(ctx, "commandstats").Result()
	if err != nil {
		return 0, err
	}
	var calls, usec int
	var average float64
	if _, err := fmt.Sscanf(info["Commandstats"]["cmdstat_evalsha"], "calls=%d,usec=%d,usec_per_call=%f", &calls, &usec, &average); err != nil {
		return 0, err
	}
	return average, nil
}

var lane = tasks.Lane{Account: "default", Region: "bj"}

// runBare is what a user would write with asynq alone: no ledger, and nothing to do.
func runBare(ctx context.Context, rdb redis.UniversalClient, items int) error {
	client := asynq.NewClientFromRedisClient(rdb)
	for i := range items {
		if _, err := client.EnqueueContext(ctx, asynq.NewTask("bare", make([]byte, 250)), asynq.TaskID(fmt.Sprint("t", i)), asynq.Queue(lane.Queue())); err != nil {
			return err
		}
	}
	var done atomic.Int64
	server := asynq.NewServerFromRedisClient(rdb, asynq.Config{
		Concurrency: worker.DefaultConcurrency, Queues: map[string]int{lane.Queue(): 1}, TaskCheckInterval: 100 * time.Millisecond, LogLevel: asynq.FatalLevel,
	})
	if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { done.Add(1); return nil })); err != nil {
		return err
	}
	defer server.Shutdown()
	return until(ctx, func() (bool, error) { return done.Load() == int64(items), nil })
}

// runOurs is the same of ours, until all is confirmed.
func runOurs(ctx context.Context, rdb redis.UniversalClient, items int) error {
	sim := httptest.NewServer(bcesim.New(bcesim.Options{}))
	defer sim.Close()
	client, err := bce.NewClient(bce.Config{
		Endpoint: sim.URL, Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
	})
	if err != nil {
		return err
	}
	records := ledger.New(rdb)
	producer := tasks.NewProducer(records, asynq.NewClientFromRedisClient(rdb))
	err = producer.Apply(ctx, "cost", ledger.Source{}, func(yield func(tasks.Row, error) bool) {
		for i := range items {
			item := tasks.Item{Request: tasks.Request{
				Name: fmt.Sprintf("vip-%d", i), SubnetID: "sbn-1", PrivateIPAddress: fmt.Sprintf("10.%d.%d.%d", i/60000, i/240%250, i%240+5),
			}}.WithDefaults("bj")
			if !yield(tasks.Row{Line: i + 1, Item: item}, nil) {
				return
			}
		}
	}, nil)
	if err != nil {
		return err
	}
	w, err := worker.Start(worker.Config{Redis: rdb, Name: "cost", Logger: zerolog.Nop(), Lanes: []worker.LaneConfig{{Lane: lane, API: client, RPS: 0}}})
	if err != nil {
		return err
	}
	defer w.Stop()
	return until(ctx, func() (bool, error) {
		b, err := records.Batch(ctx, "cost")
		return err == nil && b.Done(), err
	})
}

func until(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
