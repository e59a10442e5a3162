// Command profile says what a busy worker's CPU goes to, and Redis's, so that a target that is missed has a reason.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/pprof/profile"

	"havip/bench/lab"
)

const (
	batch       = "profile"
	concurrency = 64
)

func main() {
	items := flag.Int("items", 30_000, "items of the batch")
	seconds := flag.Int("seconds", 5, "how long the worker is profiled, which is to be shorter than it takes for the batch")
	latency := flag.Duration("latency", 0, "how long BCE takes to answer")
	flag.Parse()
	lab.Main(5*time.Minute, func(ctx context.Context, site *lab.Site, claims *lab.Claims) error {
		return measure(ctx, site, claims, *items, *seconds, *latency)
	})
}

func measure(ctx context.Context, site *lab.Site, claims *lab.Claims, items, seconds int, latency time.Duration) error {
	server, err := site.Redis(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	if err := lab.Apply(ctx, server.Client(), batch, items); err != nil {
		return err
	}
	cloud, err := site.BCE(ctx, latency)
	if err != nil {
		return err
	}
	defer cloud.Stop()
	addr, err := lab.FreeAddr(ctx)
	if err != nil {
		return err
	}
	worker, err := site.Worker(ctx, server.Addr, cloud.URL, concurrency, "--pprof="+addr)
	if err != nil {
		return err
	}
	defer worker.Kill()
	if err := cloud.AwaitFirst(ctx); err != nil {
		return err
	}
	before, err := redisSpent(ctx, server)
	if err != nil {
		return err
	}
	cpu, err := fetch(ctx, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", addr, seconds))
	if err != nil {
		return err
	}
	after, err := redisSpent(ctx, server)
	if err != nil {
		return err
	}
	if err := unfinished(ctx, server); err != nil {
		return err
	}
	setting := fmt.Sprintf("CPU, BCE answers after %d ms, %d in flight", latency.Milliseconds(), concurrency)
	report(claims, setting, "worker", shares(cpu))
	report(claims, setting, "Redis", map[string]float64{
		"scripts": after.scripts - before.scripts,
		"connections, single commands, append-only file": after.main - before.main - (after.scripts - before.scripts),
	})
	return nil
}

// spent is what Redis's one thread spent since its start, and the part of it in scripts, in µs.
type spent struct{ main, scripts float64 }

func redisSpent(ctx context.Context, server *lab.Redis) (s spent, err error) {
	usage, err := server.Usage(ctx)
	if err != nil {
		return s, err
	}
	s.main = usage.Main * 1e6
	s.scripts, _, err = server.Scripts(ctx)
	return s, err
}

// unfinished fails if the worker may have been idle for a part of the profile.
func unfinished(ctx context.Context, server *lab.Redis) error {
	_, tasks, err := server.Count(ctx, batch)
	if err == nil && tasks == 0 {
		err = errors.New("the batch was done before the profile was; profile more -items")
	}
	return err
}

func fetch(ctx context.Context, url string) (*profile.Profile, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", url, resp.Status, content)
	}
	return profile.Parse(bytes.NewReader(content))
}

// report records the shares, in per cent of all.
func report(claims *lab.Claims, setting, who string, amounts map[string]float64) {
	var sum float64
	names := make([]string, 0, len(amounts))
	for name, amount := range amounts {
		names, sum = append(names, name), sum+amount
	}
	slices.SortFunc(names, func(a, b string) int { return int(amounts[b] - amounts[a]) })
	for _, name := range names {
		claims.Figure(lab.Figure{Case: setting, Who: who, Metric: name, Values: []float64{100 * amounts[name] / sum}})
	}
}

// purposes are what CPU is used for, by the functions that show it: the first in a stack, from the innermost, decides.
var purposes = []struct{ prefix, purpose string }{
	{"runtime.gcBgMarkWorker", "collecting garbage"},
	{"runtime.gcAssistAlloc", "collecting garbage"},
	{"runtime.bgsweep", "collecting garbage"},
	{"runtime.schedule", "scheduling goroutines"},
	{"runtime.mcall", "scheduling goroutines"},
	{"github.com/redis/go-redis", "talking to Redis"},
	{"havip/internal/redisconn", "talking to Redis"},
	{"havip/bce.", "calling BCE"},
	{"net/http.", "calling BCE"},
	{"github.com/prometheus/", "metrics"},
	{"github.com/rs/zerolog", "logging"},
	{"havip/ledger.", "ledger"},
	{"havip/lifecycle.", "deciding"},
	{"havip/tasks.", "handling tasks"},
	{"havip/internal/", "other parts of the worker"},
	{"github.com/hibiken/asynq", "asynq"},
}

// shares sums up the profile's CPU by its purpose.
func shares(p *profile.Profile) map[string]float64 {
	amounts := map[string]float64{}
	cpu := len(p.SampleType) - 1 // after the number of samples
	for _, s := range p.Sample {
		amounts[purpose(s)] += float64(s.Value[cpu])
	}
	return amounts
}

func purpose(s *profile.Sample) string {
	for _, location := range s.Location {
		for _, line := range location.Line {
			for _, p := range purposes {
				if strings.HasPrefix(line.Function.Name, p.prefix) {
					return p.purpose
				}
			}
		}
	}
	return "other"
}
