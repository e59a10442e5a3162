package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// terms are how slow the machine is made, and how often the suite runs on it.
type terms struct {
	loops, times int
	stops        bool
	seed         uint64
	// test are the arguments of go test.
	test []string
}

func main() {
	var t terms
	flag.IntVar(&t.loops, "loops", 4, "busy loops beside the suite")
	flag.IntVar(&t.times, "times", 3, "how often the suite runs")
	flag.BoolVar(&t.stops, "stops", false, "stop processes of the suite at random, and let them go on")
	flag.Uint64Var(&t.seed, "seed", 0, "seed of the first run; 0 chooses one")
	flag.Parse()
	t.test = flag.Args()
	if len(t.test) == 0 {
		t.test = []string{"./..."}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if !t.run(ctx, os.Stdout) {
		os.Exit(1)
	}
}

// run reports whether every run passed.
func (t terms) run(ctx context.Context, out io.Writer) bool {
	ctx, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer cancel()
	for range t.loops {
		beside.Go(func() { loop(ctx) })
	}
	if t.seed == 0 {
		t.seed = rand.Uint64N(1_000_000)
	}
	passed := 0
	for i := range t.times {
		seed := t.seed + uint64(i)
		began := time.Now()
		failures, err := t.suite(ctx, seed)
		if ctx.Err() != nil {
			_, _ = fmt.Fprintln(out, "interrupted")
			return false
		}
		verdict := "passed"
		if err != nil {
			verdict = fmt.Sprintf("FAILED (%v)", err)
		} else {
			passed++
		}
		_, _ = fmt.Fprintf(out, "seed %d: %s in %s\n", seed, verdict, time.Since(began).Round(time.Second))
		for _, f := range failures {
			_, _ = fmt.Fprintf(out, "--- FAIL: %s %s (seed %d)\n%s\n", f.Package, f.Test, seed, f.output)
		}
	}
	_, _ = fmt.Fprintf(out, "%d passed, %d failed\n", passed, t.times-passed)
	return passed == t.times
}

// suite is one run.
func (t terms) suite(ctx context.Context, seed uint64) ([]failure, error) {
	args := append([]string{"test", "-json", "-race", "-count=1", "-shuffle", strconv.FormatUint(seed, 10)}, t.test...)
	suite := exec.CommandContext(ctx, "go", args...)
	suite.Cancel = func() error { return suite.Process.Signal(os.Interrupt) }
	suite.WaitDelay = 10 * time.Second
	suite.Stderr = os.Stderr
	events, err := suite.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := suite.Start(); err != nil {
		return nil, err
	}
	stopping, cancel := context.WithCancel(ctx)
	var stopped sync.WaitGroup
	if t.stops {
		stopped.Go(func() { disturb(stopping, suite.Process.Pid, rand.New(rand.NewPCG(seed, seed))) })
	}
	failures := read(events)
	err = suite.Wait()
	cancel()
	stopped.Wait()
	return failures, err
}

// loop keeps a processor busy, in a process of its own so that it competes like any other.
func loop(ctx context.Context) {
	busy := exec.CommandContext(ctx, "sh", "-c", "while :; do :; done")
	busy.SysProcAttr = diesWithUs()
	_ = busy.Run() // it ends by being killed
}
