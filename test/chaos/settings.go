//go:build unix

package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"havip/bce/bcesim"
	"havip/tasks"
)

// settings are the program's flags.
type settings struct {
	seed               uint64
	items              int
	duration, patience time.Duration
	workers, batches   int
	redis              string
	onlyRedis          bool
	rps                float64
	personality        string
	jump, tokenMaxAge  time.Duration
	maxDelay           time.Duration
	programs           string
	keep               bool
}

// confirmWithin is the workers' flag of that name: nothing here takes longer to be shown.
const confirmWithin = 30 * time.Second

const usage = `Chaos runs the programs on loopback, breaks everything at once for a while, heals it, and
compares what exists with what was recorded, item by item.

usage: go run ./chaos [flags]

exit codes: 0 exactly one HaVIP for each item · 1 a violation · 2 usage · 3 items were still
pending when the patience ended · 4 the suite itself could not go on · 130 interrupted

flags:
`

// parse reads the flags. Its errors have been shown.
func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		_, _ = io.WriteString(stderr, usage)
		f.PrintDefaults()
	}
	f.Uint64Var(&s.seed, "seed", 0, "`number` that draws the schedule; 0 chooses one")
	f.IntVar(&s.items, "items", 1000, "items to ask for")
	f.DurationVar(&s.duration, "duration", 10*time.Minute, "how long things go wrong")
	f.DurationVar(&s.patience, "patience", 20*time.Minute, "how long the batches may take to end once all is healed")
	f.IntVar(&s.workers, "workers", 3, "workers at once")
	f.IntVar(&s.batches, "batches", 4, "batches, each with a file of its own")
	f.StringVar(&s.redis, "redis", standalone, "what the Redis is: standalone, sentinel (a master, a replica, three sentinels)\nor cluster (three masters with a replica each)")
	f.BoolVar(&s.onlyRedis, "only-redis", false, "let nothing but Redis fail; then work must go on within 10s of a failover")
	f.Float64Var(&s.rps, "rps", 0, "creates a second of each lane; 0 spreads the items over the duration")
	f.StringVar(&s.personality, "personality", "", "`traits` of the simulator:\n"+bcesim.PersonalityHelp)
	f.DurationVar(&s.jump, "jump", 0, "put BCE's clock forward by so much in the middle")
	f.DurationVar(&s.tokenMaxAge, "token-max-age", 0, "the workers' flag of that name, to have lookups soon; 0 leaves its default")
	f.DurationVar(&s.maxDelay, "max-delay", time.Minute, "the workers' flag of that name; 0 leaves its default")
	f.StringVar(&s.programs, "programs", "", "`directory` of programs that are built already; else they are built with the race detector")
	f.BoolVar(&s.keep, "keep", false, "keep the directory also when all is well")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	err := s.check(f.NArg())
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "chaos: %v\n", err)
	}
	if s.seed == 0 {
		s.seed = rand.Uint64N(1_000_000) // short enough to be typed
	}
	if s.rps == 0 {
		// Each lane has half of the items, and each item some three requests; one, if BCE does not fail.
		requests := 3.0
		if s.onlyRedis {
			requests = 1
		}
		s.rps = max(2, requests/2*float64(s.items)/s.duration.Seconds())
	}
	return s, err
}

func (s settings) check(arguments int) error {
	_, err := bcesim.ParsePersonality(s.personality)
	switch {
	case arguments > 0:
		return errors.New("there are flags only")
	case s.items < 1 || s.items > mostItems:
		return fmt.Errorf("-items %d: must be from 1 to %d", s.items, mostItems)
	case s.workers < 1, s.batches < 1:
		return errors.New("there must be at least one worker and one batch")
	case s.duration < 10*time.Second:
		return fmt.Errorf("-duration %s: must be at least 10s", s.duration)
	case s.patience < s.lastItem():
		return fmt.Errorf("-patience %s: must be at least %s, which an item may take after all faults have ended", s.patience, s.lastItem())
	case s.redis != standalone && s.redis != sentinels && s.redis != cluster:
		return fmt.Errorf("-redis %s: must be %s, %s or %s", s.redis, standalone, sentinels, cluster)
	case s.onlyRedis && s.jump != 0:
		return errors.New("-jump moves BCE's clock, and with -only-redis nothing but Redis fails")
	case s.rps < 0:
		return fmt.Errorf("-rps %g: must not be negative", s.rps)
	}
	return err
}

// lastItem is how long an item may take after all faults have ended, if nothing is wrong. The simulator's clock steps by
// up to 45 minutes in some phases: an item whose outcome became unknown then has a token of unknown age, and two listings
// must prove that nothing was created before the next token is sent. Before and after that, one delay between attempts may
// be left.
func (s settings) lastItem() time.Duration {
	return tasks.LookupBound(confirmWithin) + 2*cmp.Or(s.maxDelay, tasks.RetryDelayCap)
}

// again is how to run the same schedule again.
func (s settings) again() string {
	text := fmt.Sprintf("go run ./test/chaos -seed %d -items %d -duration %s -workers %d -batches %d", s.seed, s.items, s.duration, s.workers, s.batches)
	if s.redis != standalone {
		text += " -redis " + s.redis
	}
	if s.onlyRedis {
		text += " -only-redis"
	}
	if s.personality != "" {
		text += fmt.Sprintf(" -personality %q", s.personality)
	}
	if s.maxDelay != time.Minute {
		text += fmt.Sprintf(" -max-delay %s", s.maxDelay)
	}
	if s.jump != 0 {
		text += fmt.Sprintf(" -jump %s", s.jump)
	}
	if s.tokenMaxAge != 0 {
		text += fmt.Sprintf(" -token-max-age %s", s.tokenMaxAge)
	}
	return text
}
