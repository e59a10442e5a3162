//go:build unix

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"havip/internal/redisconn"
)

// The exit codes.
const (
	exitOK          = 0
	exitViolation   = 1
	exitUsage       = 2
	exitPending     = 3
	exitSuite       = 4
	exitInterrupted = 130
)

// run is the program: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	redisconn.LogTo(nil) // that Redis is down is what this is about
	dir, err := os.MkdirTemp("", "havip-chaos-")
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "chaos: %v\n", err)
		return exitSuite
	}
	code, err := suite(ctx, s, dir, stdout)
	if ctx.Err() != nil {
		code, err = exitInterrupted, errors.New("interrupted")
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "chaos: %v\n", err)
	}
	if code == exitOK && !s.keep {
		_ = os.RemoveAll(dir)
	} else {
		_, _ = fmt.Fprintf(stdout, "logs, schedule and Redis's files are kept in %s\n", dir)
	}
	return code
}

// suite is one run in its directory.
func suite(ctx context.Context, s settings, dir string, stdout io.Writer) (int, error) {
	events := Draw(s.seed, Terms{Duration: s.duration, Workers: s.workers, Batches: s.batches, Replicated: s.redis != standalone, OnlyRedis: s.onlyRedis, Jump: s.jump})
	log, err := newRunLog(filepath.Join(dir, "schedule.log"), stdout)
	if err != nil {
		return exitSuite, err
	}
	defer log.close()
	log.say("seed %d: %s", s.seed, s.again())
	env, err := open(ctx, s, dir)
	if err != nil {
		return exitSuite, err
	}
	defer env.close()
	log.say("everything runs, in %s; %d events in %s, at %.1f creates a second of each lane", dir, len(events), s.duration, s.rps)
	if err := env.live(ctx, events, log); err != nil {
		return exitSuite, err
	}
	seen, stats, err := env.gather(ctx)
	if err != nil {
		return exitSuite, err
	}
	findings := Evaluate(seen)
	crashes, err := env.crashes()
	if err != nil {
		return exitSuite, err
	}
	findings = slices.Concat(findings, env.lost, env.verify(ctx), crashes)
	report(stdout, seen, findings)
	log.say("what happened: %s", log.counts())
	if s.redis != standalone {
		log.say("%s", failoverLine(seen))
	}
	log.say("the simulator: %d creates, %d replays, %d answers lost, %d mismatches, %d overlaps of which %d with both clients there",
		stats.Operations["create"], stats.Replays, stats.AnswerLost, stats.Mismatches, stats.Overlaps, stats.LiveOverlaps)
	log.say("seed %d, %s", s.seed, verdictLine(s.items, findings))
	return exitOf(findings), nil
}

// live lets everything happen, and waits until it is over.
func (env *environment) live(ctx context.Context, events []Event, log *runLog) error {
	if env.onlyRedis {
		if err := env.applyAll(ctx); err != nil {
			return err
		}
	}
	watched, stop := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		for pause(watched, progressEvery) {
			if t, err := env.tally(watched); err == nil {
				log.say("%s", t)
			}
		}
	})
	err := env.play(ctx, events, func(e Event, err error) {
		log.note(e, err)
		if t, failed := env.tally(ctx); e.Kind == Jump && failed == nil {
			log.say("BCE's clock jumped by %s while %s", e.For, t)
		}
	})
	stop()
	watching.Wait()
	if err != nil {
		return err
	}
	log.say("healed: no faults, all links, all workers, Redis")
	last := time.Now()
	return env.settle(ctx, func(t Tally) {
		if t.done() || time.Since(last) >= progressEvery {
			last = time.Now()
			log.say("%s", t)
		}
	})
}

// progressEvery is how often a run says how far it is.
const progressEvery = 10 * time.Second
