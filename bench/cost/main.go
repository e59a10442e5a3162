// Command cost measures how fast items go from the queue to confirmed HaVIPs, and what they cost the worker and the store, beside what a
// user would write instead: a loop of goroutines, asynq and River, each with Baidu's SDK and without a ledger.
//
// Each contender runs in a process of its own, in turns with the others. The clock runs from the first create that reaches BCE until the
// last item is done, so that nobody's start counts.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"havip/bench/lab"
)

// What is claimed; see bench/README.md.
const (
	minRate         = 1.2  // to asynq with one server
	minRateFour     = 1.0  // to asynq with four
	maxWorker       = 0.9  // to asynq with one server
	maxRedis        = 1.5  // to asynq with one server
	maxScript       = 35.0 // µs
	maxReads        = 1.5
	minFarRate      = 5.0 // to asynq with one server
	minFarRateEight = 1.0 // to asynq with eight
	minPossible     = 97.0
	minPossibleMany = 90.0 // with more than usual in flight
)

// usual is how many items are in flight, if not stated otherwise.
const usual = 64

// setting is what a run is about.
type setting struct {
	Items, Concurrency int
	// Latency is how long BCE takes to answer, and Away how long a round trip to the store takes while items are processed.
	Latency, Away time.Duration
}

func (s setting) String() string {
	text := fmt.Sprintf("BCE answers after %d ms, %d in flight", s.Latency.Milliseconds(), s.Concurrency)
	if s.Away > 0 {
		text += fmt.Sprintf(", store %d ms away", s.Away.Milliseconds())
	}
	return text
}

// possible is the items a second that are possible with so many in flight, or 0 if BCE answers at once.
func (s setting) possible() float64 {
	if s.Latency == 0 {
		return 0
	}
	return float64(s.Concurrency) / s.Latency.Seconds()
}

func main() {
	if is := playContender(); is {
		return
	}
	var s setting
	flag.IntVar(&s.Items, "items", 5000, "items a round")
	flag.IntVar(&s.Concurrency, "concurrency", usual, "items in flight")
	flag.DurationVar(&s.Latency, "latency", 0, "how long BCE takes to answer")
	flag.DurationVar(&s.Away, "away", 0, "round trip time of the store while items are processed")
	rounds := flag.Int("rounds", 3, "rounds of each contender, in turns")
	beside := flag.String("beside", "loop,asynq,asynq4,river", "what to compare with: "+strings.Join(names(), ", "))
	flag.Parse()
	chosen, err := choose(*beside)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(lab.ExitError)
	}
	lab.Main(12*time.Minute, func(ctx context.Context, site *lab.Site, claims *lab.Claims) error {
		return measure(ctx, site, claims, s, chosen, *rounds)
	})
}

// choose returns the contenders by their names, and ours last.
func choose(beside string) (chosen []contender, err error) {
	for name := range strings.SplitSeq(beside, ",") {
		i := slices.IndexFunc(contenders, func(c contender) bool { return c.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-beside %s: choose from %s", name, strings.Join(names(), ", "))
		}
		chosen = append(chosen, contenders[i])
	}
	return append(chosen, ours), nil
}

func measure(ctx context.Context, site *lab.Site, claims *lab.Claims, s setting, chosen []contender, rounds int) error {
	samples := map[string][]sample{}
	for range rounds {
		for _, c := range chosen {
			got, err := round(ctx, site, s, c)
			if err != nil {
				return fmt.Errorf("%s: %w", c.title, err)
			}
			samples[c.name] = append(samples[c.name], got)
		}
	}
	for _, c := range chosen {
		for _, m := range metrics(s, c) {
			claims.Figure(lab.Figure{Case: s.String(), Who: c.title, Metric: m.name, Values: values(samples[c.name], m.of)})
		}
	}
	claim(claims, s, samples)
	return nil
}

// metric is one value of a sample.
type metric struct {
	name string
	of   func(sample) float64
}

// metrics are those that a contender has.
func metrics(s setting, c contender) []metric {
	all := []metric{
		{"items/s", func(m sample) float64 { return m.rate }},
		{"s after the last create", func(m sample) float64 { return m.tail }},
		{"worker CPU, µs an item", func(m sample) float64 { return m.worker }},
		{"worker memory, MiB", func(m sample) float64 { return m.memory }},
	}
	if p := s.possible(); p > 0 {
		all = append(all, metric{"% of what is possible", func(m sample) float64 { return 100 * m.rate / p }})
	}
	if c.store != storeNone {
		all = append(all, metric{"store CPU, µs an item", func(m sample) float64 { return m.store }},
			metric{"store commands an item", func(m sample) float64 { return m.commands }})
	}
	if c.store == storeRedis {
		all = append(all, metric{"store main thread, µs an item", func(m sample) float64 { return m.main }},
			metric{"store reads an item", func(m sample) float64 { return m.reads }})
	}
	return all
}

func values(samples []sample, of func(sample) float64) (all []float64) {
	for _, m := range samples {
		all = append(all, of(m))
	}
	return all
}

// claim claims what there is a target for in this setting.
func claim(claims *lab.Claims, s setting, samples map[string][]sample) {
	mine := samples[ours.name]
	against := func(name string, of func(sample) float64) []float64 {
		return lab.Ratios(values(mine, of), values(samples[name], of))
	}
	rate := func(m sample) float64 { return m.rate }
	var all []lab.Claim
	switch {
	case s.Away > 0:
		all = append(all, lab.Claim{What: "items/s to asynq + SDK with 1 server", Values: against("asynq", rate), AtLeast: true, Bound: minFarRate},
			lab.Claim{What: "items/s to asynq + SDK with 8 servers", Values: against("asynq8", rate), AtLeast: true, Bound: minFarRateEight})
	case s.Latency > 0:
		bound := minPossible
		if s.Concurrency > usual {
			bound = minPossibleMany
		}
		percent := func(m sample) float64 { return 100 * m.rate / s.possible() }
		all = append(all, lab.Claim{What: "% of what is possible", Values: values(mine, percent), AtLeast: true, Bound: bound})
	case s.Concurrency == usual:
		all = append(all, lab.Claim{What: "items/s to asynq + SDK with 1 server", Values: against("asynq", rate), AtLeast: true, Bound: minRate},
			lab.Claim{What: "items/s to asynq + SDK with 4 servers", Values: against("asynq4", rate), AtLeast: true, Bound: minRateFour},
			lab.Claim{What: "worker CPU an item to asynq + SDK with 1 server", Values: against("asynq", func(m sample) float64 { return m.worker }), Bound: maxWorker},
			lab.Claim{What: "Redis CPU an item to asynq + SDK with 1 server", Values: against("asynq", func(m sample) float64 { return m.store }), Bound: maxRedis},
			lab.Claim{What: "µs of Redis for a script call, on average", Values: values(mine, func(m sample) float64 { return m.script }), Bound: maxScript},
			lab.Claim{What: "reads of Redis an item", Values: values(mine, func(m sample) float64 { return m.reads }), Bound: maxReads})
	}
	for _, c := range all {
		if len(c.Values) > 0 { // else not beside that contender
			c.Case = s.String()
			claims.Check(c)
		}
	}
}
