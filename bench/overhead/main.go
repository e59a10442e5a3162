// Command overhead measures what observing a worker costs: metrics that are counted and scraped each second, and traces that are sent to a
// collector. Batches at full speed, in turns.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"havip/bench/lab"
)

// What is claimed.
const (
	minRate = 0.98
	maxCPU  = 1.02
)

const (
	batch       = "overhead"
	concurrency = 64
	scrapeEvery = time.Second
)

// variant is one way to run the same batch.
type variant struct {
	title string
	// scraped is true if it serves metrics at the run's address.
	scraped bool
	start   func(ctx context.Context, r run) (*lab.Process, error)
}

// run is what a variant works on.
type run struct {
	site       *lab.Site
	redis, bce string
	// metrics is the address to serve metrics at; empty for none.
	metrics string
	// collector takes traces.
	collector string
}

// The variants. The first two are the worker's parts in a process of this program, because the program worker always counts.
var variants = []variant{
	{title: "not counted", start: startParts(false)},
	{title: "counted and scraped", start: startParts(true), scraped: true},
	{title: "worker without --listen", start: func(ctx context.Context, r run) (*lab.Process, error) {
		return r.site.Worker(ctx, r.redis, r.bce, concurrency)
	}},
	{title: "worker with --listen, scraped", scraped: true, start: func(ctx context.Context, r run) (*lab.Process, error) {
		return r.site.Worker(ctx, r.redis, r.bce, concurrency, "--listen="+r.metrics)
	}},
	{title: "worker with traces", start: func(ctx context.Context, r run) (*lab.Process, error) {
		return r.site.WorkerWith(ctx, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + r.collector}, r.redis, r.bce, concurrency)
	}},
}

func main() {
	if playParts() {
		return
	}
	items := flag.Int("items", 10_000, "items a round")
	rounds := flag.Int("rounds", 5, "rounds of each, in turns")
	flag.Parse()
	lab.Main(10*time.Minute, func(ctx context.Context, site *lab.Site, claims *lab.Claims) error {
		return measure(ctx, site, claims, *items, *rounds)
	})
}

// sample is items a second, and µs of the worker's CPU an item.
type sample struct{ rate, cpu float64 }

func measure(ctx context.Context, site *lab.Site, claims *lab.Claims, items, rounds int) error {
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer collector.Close()
	rates, cpus := make([][]float64, len(variants)), make([][]float64, len(variants))
	for round := range rounds {
		for i := range variants {
			if round%2 == 1 { // the other way round, so that nobody always comes first
				i = len(variants) - 1 - i
			}
			got, err := variants[i].process(ctx, site, collector.URL, items)
			if err != nil {
				return fmt.Errorf("%s: %w", variants[i].title, err)
			}
			rates[i], cpus[i] = append(rates[i], got.rate), append(cpus[i], got.cpu)
		}
	}
	for i, v := range variants {
		claims.Figure(lab.Figure{Case: fmt.Sprintf("%d items, BCE answers at once", items), Who: v.title, Metric: "items/s", Values: rates[i]})
		claims.Figure(lab.Figure{Case: fmt.Sprintf("%d items, BCE answers at once", items), Who: v.title, Metric: "worker CPU, µs an item", Values: cpus[i]})
	}
	claims.AtLeast("items/s with metrics counted and scraped, to without metrics", lab.Ratios(rates[1], rates[0]), minRate, "")
	claims.AtMost("worker CPU with metrics counted and scraped, to without metrics", lab.Ratios(cpus[1], cpus[0]), maxCPU, "")
	claims.AtLeast("items/s of a worker with --listen, scraped, to one without", lab.Ratios(rates[3], rates[2]), minRate, "")
	claims.AtMost("worker CPU of a worker with --listen, scraped, to one without", lab.Ratios(cpus[3], cpus[2]), maxCPU, "")
	return nil
}

func (v variant) process(ctx context.Context, site *lab.Site, collector string, items int) (s sample, err error) {
	server, err := site.Redis(ctx)
	if err != nil {
		return s, err
	}
	defer server.Close()
	if err := lab.Apply(ctx, server.Client(), batch, items); err != nil {
		return s, err
	}
	cloud, err := site.BCE(ctx, 0)
	if err != nil {
		return s, err
	}
	defer cloud.Stop()
	r := run{site: site, redis: server.Addr, bce: cloud.URL, collector: collector}
	if v.scraped {
		if r.metrics, err = lab.FreeAddr(ctx); err != nil {
			return s, err
		}
	}
	worker, err := v.start(ctx, r)
	if err != nil {
		return s, err
	}
	defer worker.Kill()
	scraping, stop := context.WithCancel(ctx)
	scraped := make(chan int, 1)
	go func() { scraped <- scrape(scraping, r.metrics) }()
	used, err := worker.Measure(ctx, cloud, func() error { return lab.AwaitBatch(ctx, server.Client(), batch) })
	stop()
	if n := <-scraped; err == nil && v.scraped && n == 0 {
		err = fmt.Errorf("no metrics at %s", r.metrics)
	}
	if err == nil {
		err = cloud.Require(ctx, items)
	}
	return sample{float64(items) / used.Time.Seconds(), used.CPU * 1e6 / float64(items)}, err
}

// scrape reads the metrics as Prometheus does, until ctx ends, and returns how often it got them.
func scrape(ctx context.Context, addr string) (times int) {
	if addr == "" {
		return 0
	}
	tick := time.NewTicker(scrapeEvery)
	defer tick.Stop()
	for {
		if read(ctx, "http://"+addr+"/metrics") {
			times++
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return times
		}
	}
}

func read(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	return err == nil && n > 0 && resp.StatusCode == http.StatusOK
}
