package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"
)

// Site is a directory of its own with the enqueue program built into it.
type Site struct{ Dir string }

// Main runs a measurement to its end, Ctrl-C or the limit, and makes its exit code: 1 for a claim that
// does not hold, or for an error.
func Main(limit time.Duration, measure func(context.Context, *Site, *Claims) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the measurement took more than %v", limit))
	defer cancel()
	claims := &Claims{}
	if err := within(ctx, claims, measure); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if claims.failed > 0 {
		os.Exit(1)
	}
}

func within(ctx context.Context, claims *Claims, measure func(context.Context, *Site, *Claims) error) error {
	dir, err := os.MkdirTemp("", "havip-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	site := &Site{Dir: dir}
	if err := site.build(ctx); err != nil {
		return err
	}
	return measure(ctx, site, claims)
}

// build builds the program from the parent module.
func (s *Site) build(ctx context.Context) error {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "havip").Output()
	if err != nil {
		return fmt.Errorf("find the module havip: %w; run this inside bench/", err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-C", trimLine(root), "-o", s.Path("enqueue"), "./cmd/enqueue")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build enqueue: %w\n%s", err, out)
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
