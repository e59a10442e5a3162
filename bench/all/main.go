// Command all runs every measurement in turns, and writes docs/performance.md with its plots.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"havip/bench/lab"
)

// The time that a run may take: repetitions are left out after repeatUntil, and what still runs after endAfter is interrupted.
const (
	repeatUntil = 28 * time.Minute
	endAfter    = 35 * time.Minute
)

func main() {
	short := flag.Bool("short", false, "run everything in a few minutes, with few items and rounds")
	docs := flag.String("docs", "../docs", "directory to write performance.md and its plots into")
	keep := flag.String("results", "", "file to keep the results in, one JSON object a line")
	from := flag.String("from", "", "write the document from a file that -results kept, and run nothing")
	only := flag.String("only", "", "run only these programs, separated by commas; the document then lacks the others")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *short, *docs, *keep, *from, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(lab.ExitError)
	}
}

func run(ctx context.Context, short bool, docs, keep, from, only string) error {
	if from != "" {
		return writeFrom(from, docs)
	}
	dir, err := os.MkdirTemp("", "havip-bench-all-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if keep == "" {
		keep = filepath.Join(dir, "results.ndjson")
	}
	if err := os.Remove(keep); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := runAll(ctx, dir, keep, short, only); err != nil {
		return err
	}
	return writeFrom(keep, docs)
}

// runAll builds the programs and runs them, round after round.
func runAll(ctx context.Context, dir, results string, short bool, only string) error {
	build := exec.CommandContext(ctx, "go", "build", "-o", dir, "./...")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the programs: %w; run this inside bench/\n%s", err, out)
	}
	machine, err := lookAtMachine(ctx, short)
	if err != nil {
		return err
	}
	if err := appendLine(results, line{Machine: machine}); err != nil {
		return err
	}
	began := time.Now()
	limited, cancel := context.WithDeadline(ctx, began.Add(endAfter))
	defer cancel()
	for round := range maxRepeat {
		for _, s := range steps {
			if round >= s.repeat(short) || !s.chosen(only) || round > 0 && time.Since(began) > repeatUntil {
				continue
			}
			if err := s.run(limited, dir, results, short); err != nil {
				return err
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}

// step is a program with its arguments, for a full run and for a short one.
type step struct {
	program     string
	full, short string
	// rounds is how often a full run repeats it, in turns with the others; 0 means once.
	rounds int
}

// maxRepeat is the most rounds of a step.
const maxRepeat = 3

// steps are in the order of the document. What is measured once is long, or has rounds of its own.
var steps = []step{
	{program: "cost", full: "-rounds 3", short: "-items 2000 -rounds 2", rounds: 2},
	{program: "cost", full: "-concurrency 256 -rounds 3", short: "-items 2000 -rounds 2 -concurrency 256"},
	{program: "cost", full: "-latency 50ms -rounds 3", short: "-items 2000 -rounds 2 -latency 50ms"},
	{program: "cost", full: "-latency 50ms -concurrency 256 -rounds 3", short: "-items 2000 -rounds 2 -latency 50ms -concurrency 256"},
	{program: "cost", full: "-away 3ms -items 3000 -rounds 3 -beside loop,asynq,asynq4,asynq8,river", short: "-away 3ms -items 1000 -rounds 1 -beside loop,asynq,asynq4,asynq8,river"},
	{program: "profile", short: "-seconds 2 -items 12000"},
	{program: "profile", full: "-latency 50ms -items 10000", short: "-latency 50ms -seconds 2 -items 5000"},
	{program: "call", short: "-calls 3000 -rounds 3", rounds: 2},
	{program: "enqueue", full: "-rounds 3", short: "-rows 20000 -rounds 2"},
	{program: "latency", full: "-lanes 1", short: "-lanes 1 -samples 20"},
	{program: "latency", full: "-lanes 20", short: "-lanes 20 -samples 20"},
	{program: "fairness", short: "-large 10000", rounds: 2},
	{program: "limit", short: "-period 6s", rounds: 2},
	{program: "overhead", full: "-rounds 9", short: "-items 2000 -rounds 3"},
	{program: "growth", short: "-to 100000 -process-to 10000 -rounds 2"},
	{program: "million", full: "-rounds 2", short: "-rows 20000 -rounds 1"},
}

func (s step) repeat(short bool) int {
	if short {
		return 1
	}
	return max(1, s.rounds)
}

func (s step) chosen(only string) bool {
	if only == "" {
		return true
	}
	for name := range strings.SplitSeq(only, ",") {
		if name == s.program {
			return true
		}
	}
	return false
}

// run runs the program to its end. One that fails is noted in the document, and the others are run nevertheless.
func (s step) run(ctx context.Context, dir, results string, short bool) error {
	args := s.full
	if short {
		args = s.short
	}
	load, err := loadAverage()
	if err != nil {
		return err
	}
	began := time.Now()
	fmt.Printf("== %s %s\n", s.program, args)
	cmd := exec.CommandContext(ctx, filepath.Join(dir, s.program), strings.Fields(args)...)
	cmd.Env = append(os.Environ(), lab.ResultsVariable+"="+results)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = os.Stdout, &stderr
	err = cmd.Run()
	ran := &ran{Command: strings.TrimSpace(s.program + " " + args), Seconds: time.Since(began).Seconds(), Load: load}
	switch {
	case ctx.Err() != nil:
		ran.Failed = fmt.Sprintf("interrupted: the run took more than %v", endAfter)
	case err != nil && cmd.ProcessState.ExitCode() != lab.ExitFails:
		fmt.Fprint(os.Stderr, stderr.String())
		ran.Failed = fmt.Sprintf("%v: %s", err, strings.TrimSpace(stderr.String()))
	}
	return appendLine(results, line{Ran: ran})
}
