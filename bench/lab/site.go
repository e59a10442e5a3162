package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// Site is a directory of its own with the programs enqueue and worker built into it.
type Site struct{ Dir string }

// Main runs a measurement to its end, Ctrl-C, SIGTERM or the limit, and makes its exit code: 1 for a claim that
// does not hold, and 3 for an error.
func Main(limit time.Duration, measure func(context.Context, *Site, *Claims) error) {
	if latency, is := Serving(roleBCE); is {
		serveBCE(latency)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the measurement took more than %v", limit))
	defer cancel()
	failed, err := within(ctx, measure)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(ExitError)
	}
	if failed > 0 {
		os.Exit(ExitFails)
	}
}

// The exit codes of a measurement: a claim does not hold; it could not be carried out.
const ExitFails, ExitError = 1, 3

func within(ctx context.Context, measure func(context.Context, *Site, *Claims) error) (failed int, err error) {
	results, err := openResults()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, results.close()) }()
	dir, err := os.MkdirTemp("", "havip-bench-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	site := &Site{Dir: dir}
	if err := site.build(ctx); err != nil {
		return 0, err
	}
	claims := &Claims{results: results}
	err = measure(ctx, site, claims)
	return claims.failed, err
}

// build builds the programs from the parent module.
func (s *Site) build(ctx context.Context) error {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "havip").Output()
	if err != nil {
		return fmt.Errorf("find the module havip: %w; run this inside bench/", err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-C", trimLine(root), "-o", s.Dir, "./cmd/enqueue", "./cmd/worker")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build enqueue and worker: %w\n%s", err, out)
	}
	return nil
}

// Path is that of a file of this site.
func (s *Site) Path(name string) string { return filepath.Join(s.Dir, name) }

func trimLine(b []byte) string {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return string(b)
}
