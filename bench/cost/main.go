// Command cost measures how fast items go from the queue to confirmed HaVIPs, and what they cost worker and Redis, beside
// tasks of asynq's that create their HaVIPs with Baidu's SDK and keep no ledger.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/baidubce/bce-sdk-go/services/havip"
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
	minRate   = 1.2
	maxWorker = 0.9
	maxRedis  = 1.5
	maxScript = 35.0 // µs
	maxReads  = 1.5
)

func main() {
	if latency, is := lab.Serving(); is {
		serve(latency)
		return
	}
	items := flag.Int("items", 5000, "items a round")
	rounds := flag.Int("rounds", 3, "rounds of each, in turns")
	flag.IntVar(&concurrency, "concurrency", 64, "items in flight")
	flag.DurationVar(&latency, "latency", 0, "how long BCE takes to answer")
	flag.DurationVar(&distance, "away", 0, "round trip time of Redis while items are processed")
	flag.Parse()
	lab.Main(8*time.Minute, func(ctx context.Context, site *lab.Site, claims *lab.Claims) error {
		return measure(ctx, site, claims, *items, *rounds)
	})
}

func measure(ctx context.Context, site *lab.Site, claims *lab.Claims, items, rounds int) error {
	var rates, workers, redises, scripts, reads []float64
	for range rounds {
		theirs, err := round(ctx, site, items, enqueueTheirs, runTheirs)
		if err != nil {
			return fmt.Errorf("asynq and SDK: %w", err)
		}
		ours, err := round(ctx, site, items, enqueueOurs, runOurs)
		if err != nil {
			return err
		}
		fmt.Printf("asynq and SDK: %v\nours:          %v, a script %.1f µs\n", theirs, ours, ours.script)
		rates, workers = append(rates, ours.rate/theirs.rate), append(workers, ours.worker/theirs.worker)
		redises, scripts, reads = append(redises, ours.redis/theirs.redis), append(scripts, ours.script), append(reads, ours.reads)
	}
	claims.AtLeast("items a second, to asynq and SDK", lab.Median(rates), minRate, lab.Spread(rates))
	claims.AtMost("the worker's CPU for an item, to asynq and SDK", lab.Median(workers), maxWorker, lab.Spread(workers))
	claims.AtMost("Redis's CPU for an item, to asynq and SDK", lab.Median(redises), maxRedis, lab.Spread(redises))
	claims.AtMost("µs of Redis's CPU for a script call, on average", lab.Median(scripts), maxScript, lab.Spread(scripts))
	claims.AtMost("reads of Redis for an item", lab.Median(reads), maxReads, lab.Spread(reads))
	return nil
}

// concurrency is how many items or tasks are in flight, latency how long BCE takes to answer, and distance how long a round
// trip to Redis takes.
var (
	concurrency       int
	latency, distance time.Duration
)

// cost is of one item: µs of CPU of the worker and of Redis, the latter enqueueing it as well; µs of a script; reads of Redis.
type cost struct{ worker, redis, script, reads, rate float64 }

func (c cost) String() string {
	return fmt.Sprintf("%4.0f items/s, %4.0f µs of the worker's CPU, %3.0f of Redis's, %.2f reads of Redis", c.rate, c.worker, c.redis, c.reads)
}

// enqueueing puts the items of a round into the queue.
type enqueueing func(ctx context.Context, rdb redis.UniversalClient, items int) error

// processing processes them with the BCE at url; stop ends it.
type processing func(ctx context.Context, rdb redis.UniversalClient, url string, items int) (stop func(), err error)

// round measures Redis's CPU for both steps, and what else the processing takes.
func round(ctx context.Context, site *lab.Site, items int, enqueue enqueueing, run processing) (cost, error) {
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
	url, endBCE, err := lab.StartServer(ctx, latency.String())
	if err != nil {
		return cost{}, err
	}
	defer endBCE()
	start, began := time.Now(), lab.CPUTime()
	stop, err := run(ctx, far, url, items)
	if err != nil {
		return cost{}, err
	}
	took, worked := time.Since(start), lab.CPUTime()-began
	after, err := used(ctx, rdb)
	stop()
	if err != nil {
		return cost{}, err
	}
	script, err := perScript(ctx, rdb)
	n := float64(items)
	return cost{
		worker: float64(worked.Microseconds()) / n, redis: (after.cpu - fresh.cpu) * 1e6 / n,
		script: script, reads: (after.reads - before.reads) / n, rate: n / took.Seconds(),
	}, err
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

// request is the i-th HaVIP.
func request(i int) tasks.Request {
	return tasks.Request{
		Name: fmt.Sprintf("vip-%d", i), SubnetID: "sbn-1", PrivateIPAddress: fmt.Sprintf("10.%d.%d.%d", i/60000, i/240%250, i%240+5),
	}
}

// enqueueTheirs is what a user would write with asynq alone.
func enqueueTheirs(ctx context.Context, rdb redis.UniversalClient, items int) error {
	client := asynq.NewClientFromRedisClient(rdb)
	for i := range items {
		payload, err := json.Marshal(havip.CreateHaVipArgs{
			ClientToken: fmt.Sprint("t", i), Name: request(i).Name, SubnetId: request(i).SubnetID, PrivateIpAddress: request(i).PrivateIPAddress,
		})
		if err != nil {
			return err
		}
		if _, err := client.EnqueueContext(ctx, asynq.NewTask("create", payload), asynq.TaskID(fmt.Sprint("t", i)), asynq.Queue(lane.Queue())); err != nil {
			return err
		}
	}
	return nil
}

// runTheirs creates the HaVIPs with Baidu's SDK.
func runTheirs(ctx context.Context, rdb redis.UniversalClient, url string, items int) (stop func(), err error) {
	client, err := havip.NewClient(bcesim.SandboxKey, bcesim.SandboxKey, url)
	if err != nil {
		return nil, err
	}
	var done atomic.Int64
	server := asynq.NewServerFromRedisClient(rdb, asynq.Config{
		Concurrency: concurrency, Queues: map[string]int{lane.Queue(): 1}, TaskCheckInterval: 100 * time.Millisecond, LogLevel: asynq.FatalLevel,
	})
	create := func(_ context.Context, task *asynq.Task) error {
		var args havip.CreateHaVipArgs
		if err := json.Unmarshal(task.Payload(), &args); err != nil {
			return err
		}
		if _, err := client.CreateHaVip(&args); err != nil {
			return err
		}
		done.Add(1)
		return nil
	}
	if err := server.Start(asynq.HandlerFunc(create)); err != nil {
		return nil, err
	}
	return server.Shutdown, until(ctx, func() (bool, error) { return done.Load() == int64(items), nil })
}

func enqueueOurs(ctx context.Context, rdb redis.UniversalClient, items int) error {
	records := ledger.New(rdb)
	producer := tasks.NewProducer(records, asynq.NewClientFromRedisClient(rdb), rdb)
	return producer.Apply(ctx, "cost", ledger.Source{}, func(yield func(tasks.Row, error) bool) {
		for i := range items {
			item := tasks.Item{Request: request(i)}.WithDefaults("bj")
			if !yield(tasks.Row{Line: i + 1, Item: item}, nil) {
				return
			}
		}
	}, nil)
}

// runOurs creates the items until all are confirmed.
func runOurs(ctx context.Context, rdb redis.UniversalClient, url string, _ int) (stop func(), err error) {
	client, err := bce.NewClient(bce.Config{
		Endpoint: url, Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
	})
	if err != nil {
		return nil, err
	}
	release := worker.ReserveHeap()
	w, err := worker.Start(worker.Config{Redis: rdb, Name: "cost", Logger: zerolog.Nop(), Concurrency: concurrency, Lanes: []worker.LaneConfig{{Lane: lane, API: client, RPS: 0}}})
	if err != nil {
		return nil, err
	}
	records := ledger.New(rdb)
	stop = func() {
		w.Stop()
		release()
	}
	return stop, until(ctx, func() (bool, error) {
		b, err := records.Batch(ctx, "cost")
		return err == nil && b.Done(), err
	})
}

func until(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(20 * time.Millisecond)
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

// serve simulates BCE.
func serve(latency string) {
	delay, err := time.ParseDuration(latency)
	if err != nil {
		log.Fatal(err)
	}
	lab.Serve(bcesim.New(bcesim.Options{Latency: delay, CallLog: 1}))
}
