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
	maxReads   = 4.0
)

func main() {
	items := flag.Int("items", 5000, "items a round")
	rounds := flag.Int("rounds", 3, "rounds of each, in turns")
	flag.IntVar(&concurrency, "concurrency", worker.DefaultConcurrency, "items in flight")
	flag.DurationVar(&distance, "away", 0, "round trip time of Redis while items are processed")
	flag.Parse()
	lab.Main(8*time.Minute, func(ctx context.Context, site *lab.Site, claims *lab.Claims) error {
		return measure(ctx, site, claims, *items, *rounds)
	})
}

func measure(ctx context.Context, site *lab.Site, claims *lab.Claims, items, rounds int) error {
	var ratios, commits, reads []float64
	for range rounds {
		bare, err := round(ctx, site, items, enqueueBare, runBare)
		if err != nil {
			return fmt.Errorf("asynq alone: %w", err)
		}
		ours, err := round(ctx, site, items, enqueueOurs, runOurs)
		if err != nil {
			return err
		}
		fmt.Printf("asynq alone %.0f µs of Redis's CPU and %.2f reads an item, %.0f/s; ours %.0f µs and %.2f reads, %.0f items/s; a script of ours %.1f µs on average\n",
			bare.cpu, bare.reads, bare.rate, ours.cpu, ours.reads, ours.rate, ours.script)
		ratios, commits, reads = append(ratios, ours.cpu/bare.cpu), append(commits, ours.script), append(reads, ours.reads)
	}
	claims.AtMost("Redis's CPU for an item, to that for a task of asynq's", lab.Median(ratios), maxOfAsynq, lab.Spread(ratios))
	claims.AtMost("µs of Redis's CPU for a script call, on average", lab.Median(commits), maxCommit, lab.Spread(commits))
	claims.AtMost("reads of Redis for an item", lab.Median(reads), maxReads, lab.Spread(reads))
	return nil
}

// concurrency is how many items or tasks are in flight, and distance how long a round trip to Redis takes.
var (
	concurrency int
	distance    time.Duration
)

// cost is of one item.
type cost struct{ cpu, script, reads, rate float64 }

// step is the enqueueing or the processing of a round.
type step func(ctx context.Context, rdb redis.UniversalClient, items int) error

// round measures the CPU of both steps, and reads and rate of the processing.
func round(ctx context.Context, site *lab.Site, items int, enqueue, run step) (cost, error) {
	server, err := site.Redis(ctx)
	if err != nil {
		return cost{}, err
	}
	defer server.Close()
	rdb := server.Client()
	fresh, err := used(ctx, rdb)
	if err != nil {
		return cost{}, err
	}
	if err := enqueue(ctx, rdb, items); err != nil {
		return cost{}, err
	}
	before, err := used(ctx, rdb)
	if err != nil {
		return cost{}, err
	}
	far, end, err := away(ctx, server)
	if err != nil {
		return cost{}, err
	}
	defer end()
	start := time.Now()
	if err := run(ctx, far, items); err != nil {
		return cost{}, err
	}
	took := time.Since(start)
	after, err := used(ctx, rdb)
	if err != nil {
		return cost{}, err
	}
	script, err := perScript(ctx, rdb)
	n := float64(items)
	return cost{(after.cpu - fresh.cpu) * 1e6 / n, script, (after.reads - before.reads) / n, n / took.Seconds()}, err
}

// away returns a client for the processing that is distance away from the server.
func away(ctx context.Context, server *lab.Redis) (client *redis.Client, end func(), err error) {
	if distance == 0 {
		return server.Client(), func() {}, nil
	}
	slow, err := lab.NewSlow(ctx, server.Addr, distance)
	if err != nil {
		return nil, nil, err
	}
	client = redis.NewClient(&redis.Options{Addr: slow.Addr()})
	return client, func() { _ = client.Close(); slow.Close() }, nil
}

// usage is what redis-server has used: seconds of CPU, and reads from its connections.
type usage struct{ cpu, reads float64 }

func used(ctx context.Context, rdb *redis.Client) (u usage, err error) {
	info, err := rdb.InfoMap(ctx, "cpu", "stats").Result()
	if err != nil {
		return u, err
	}
	for _, name := range []string{"used_cpu_user", "used_cpu_sys"} {
		seconds, err := strconv.ParseFloat(info["CPU"][name], 64)
		if err != nil {
			return u, err
		}
		u.cpu += seconds
	}
	u.reads, err = strconv.ParseFloat(info["Stats"]["total_reads_processed"], 64)
	return u, err
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

// enqueueBare is what a user would write with asynq alone.
func enqueueBare(ctx context.Context, rdb redis.UniversalClient, items int) error {
	client := asynq.NewClientFromRedisClient(rdb)
	for i := range items {
		if _, err := client.EnqueueContext(ctx, asynq.NewTask("bare", make([]byte, 250)), asynq.TaskID(fmt.Sprint("t", i)), asynq.Queue(lane.Queue())); err != nil {
			return err
		}
	}
	return nil
}

// runBare has no ledger, and nothing to do.
func runBare(ctx context.Context, rdb redis.UniversalClient, items int) error {
	var done atomic.Int64
	server := asynq.NewServerFromRedisClient(rdb, asynq.Config{
		Concurrency: concurrency, Queues: map[string]int{lane.Queue(): 1}, TaskCheckInterval: 100 * time.Millisecond, LogLevel: asynq.FatalLevel,
	})
	if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { done.Add(1); return nil })); err != nil {
		return err
	}
	defer server.Shutdown()
	return until(ctx, func() (bool, error) { return done.Load() == int64(items), nil })
}

func enqueueOurs(ctx context.Context, rdb redis.UniversalClient, items int) error {
	records := ledger.New(rdb)
	producer := tasks.NewProducer(records, asynq.NewClientFromRedisClient(rdb))
	return producer.Apply(ctx, "cost", ledger.Source{}, func(yield func(tasks.Row, error) bool) {
		for i := range items {
			item := tasks.Item{Request: tasks.Request{
				Name: fmt.Sprintf("vip-%d", i), SubnetID: "sbn-1", PrivateIPAddress: fmt.Sprintf("10.%d.%d.%d", i/60000, i/240%250, i%240+5),
			}}.WithDefaults("bj")
			if !yield(tasks.Row{Line: i + 1, Item: item}, nil) {
				return
			}
		}
	}, nil)
}

// runOurs creates the items until all are confirmed.
func runOurs(ctx context.Context, rdb redis.UniversalClient, _ int) error {
	sim := httptest.NewServer(bcesim.New(bcesim.Options{}))
	defer sim.Close()
	client, err := bce.NewClient(bce.Config{
		Endpoint: sim.URL, Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
	})
	if err != nil {
		return err
	}
	w, err := worker.Start(worker.Config{Redis: rdb, Name: "cost", Logger: zerolog.Nop(), Concurrency: concurrency, Lanes: []worker.LaneConfig{{Lane: lane, API: client, RPS: 0}}})
	if err != nil {
		return err
	}
	defer w.Stop()
	records := ledger.New(rdb)
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
