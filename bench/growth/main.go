// Command growth measures whether an item costs the same in a small batch and in a large one: enqueueing it, keeping it in Redis, asking for
// the batch's status, and processing it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"time"

	"havip/bench/lab"
)

// What is claimed.
const maxGrowth = 1.1

const (
	batch       = "growth"
	smallest    = 1000
	concurrency = 64
	// repeated is up to how many items a batch is measured in every round; a larger one is measured once.
	repeated = 10_000
	statuses = 5
)

func main() {
	largest := flag.Int("to", 1_000_000, "items of the largest batch, a power of ten")
	processed := flag.Int("process-to", 100_000, "items of the largest batch that is processed")
	rounds := flag.Int("rounds", 3, "rounds of the small batches")
	flag.Parse()
	lab.Main(25*time.Minute, func(ctx context.Context, site *lab.Site, claims *lab.Claims) error {
		m := measurement{site: site, values: map[int]map[string][]float64{}}
		for n := smallest; n <= *largest; n *= 10 {
			times := *rounds
			if n > repeated {
				times = 1
			}
			for range times {
				if err := m.measure(ctx, n, n <= *processed); err != nil {
					return fmt.Errorf("%d items: %w", n, err)
				}
			}
		}
		m.report(claims)
		return nil
	})
}

// measurement has the values of each size by their metric.
type measurement struct {
	site   *lab.Site
	values map[int]map[string][]float64
}

// The metrics.
const (
	applyTime     = "apply, µs an item"
	applyCPU      = "apply, Redis CPU, µs an item"
	applyMemory   = "apply, memory, MiB"
	waitingBytes  = "Redis memory, bytes for a waiting item"
	statusTime    = "status, ms"
	processRate   = "processing, items/s"
	processWorker = "processing, worker CPU, µs an item"
	processRedis  = "processing, Redis CPU, µs an item"
	createdBytes  = "Redis memory, bytes for a created item"
	workerMemory  = "worker memory, MiB"
)

var metrics = []string{
	applyTime, applyCPU, applyMemory, waitingBytes, statusTime, processRate, processWorker, processRedis, createdBytes, workerMemory,
}

func (m measurement) add(n int, metric string, value float64) {
	if m.values[n] == nil {
		m.values[n] = map[string][]float64{}
	}
	m.values[n][metric] = append(m.values[n][metric], value)
}

// measure enqueues a batch, and processes it if so wanted.
func (m measurement) measure(ctx context.Context, n int, process bool) error {
	file, err := m.site.AddressedRows(batch, n)
	if err != nil {
		return err
	}
	server, err := m.site.Redis(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	fresh, err := server.Usage(ctx)
	if err != nil {
		return err
	}
	took, err := m.site.Enqueue(ctx, server.URL(), io.Discard, "apply", file, "--yes")
	if err != nil {
		return err
	}
	if err := server.Require(ctx, batch, n); err != nil {
		return err
	}
	enqueued, err := server.Usage(ctx)
	if err != nil {
		return err
	}
	items, did := float64(n), enqueued.Minus(fresh)
	m.add(n, applyTime, took.Time.Seconds()*1e6/items)
	m.add(n, applyCPU, did.CPU*1e6/items)
	m.add(n, applyMemory, took.Peak)
	m.add(n, waitingBytes, did.Bytes/items)
	for range statuses {
		took, err := m.site.Enqueue(ctx, server.URL(), io.Discard, "status", batch)
		if err != nil {
			return err
		}
		m.add(n, statusTime, took.Time.Seconds()*1000)
	}
	if !process {
		return nil
	}
	return m.process(ctx, server, n, fresh)
}

// process has a worker create all items.
func (m measurement) process(ctx context.Context, server *lab.Redis, n int, fresh lab.Usage) error {
	cloud, err := m.site.BCE(ctx, 0)
	if err != nil {
		return err
	}
	defer cloud.Stop()
	before, err := server.Usage(ctx)
	if err != nil {
		return err
	}
	worker, err := m.site.Worker(ctx, server.Addr, cloud.URL, concurrency)
	if err != nil {
		return err
	}
	defer worker.Kill()
	used, err := worker.Measure(ctx, cloud, func() error { return lab.AwaitBatch(ctx, server.Client(), batch) })
	if err != nil {
		return err
	}
	after, err := server.Usage(ctx)
	if err != nil {
		return err
	}
	items := float64(n)
	m.add(n, processRate, items/used.Time.Seconds())
	m.add(n, processWorker, used.CPU*1e6/items)
	m.add(n, processRedis, after.Minus(before).CPU*1e6/items)
	m.add(n, createdBytes, after.Minus(fresh).Bytes/items)
	m.add(n, workerMemory, used.Peak)
	return cloud.Require(ctx, n)
}

// report claims that an item costs in the largest batch what it costs in the smallest.
func (m measurement) report(claims *lab.Claims) {
	sizes := make([]int, 0, len(m.values))
	for n := range m.values {
		sizes = append(sizes, n)
	}
	slices.Sort(sizes)
	for _, metric := range metrics {
		for _, n := range sizes {
			if values := m.values[n][metric]; values != nil {
				claims.Figure(lab.Figure{Case: fmt.Sprintf("%d items", n), Who: "havip", Metric: metric, Values: values})
			}
		}
	}
	for _, metric := range []string{applyTime, applyCPU, waitingBytes, processWorker, processRedis, createdBytes} {
		largest := sizes[0]
		for _, n := range sizes {
			if m.values[n][metric] != nil {
				largest = n
			}
		}
		many, few := lab.Median(m.values[largest][metric]), lab.Median(m.values[sizes[0]][metric])
		claims.AtMost(fmt.Sprintf("%s: in %d to in %d", metric, largest, sizes[0]), []float64{many / few}, maxGrowth, fmt.Sprintf("%.4g in the large, %.4g in the small", many, few))
	}
}
