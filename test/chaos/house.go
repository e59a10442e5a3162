//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/redis/go-redis/v9"

	"havip/internal/redisconn"
	"havip/ledger"
)

// Keys of the simulator, which are in no environment but that of the programs.
const (
	accessKey = "AKIDchaos0123456789"
	secretKey = "SKchaos-9876543210"
)

// house is everything that runs.
type house struct {
	settings

	dir     string
	store   *store
	cloud   *cloud
	journal *Journal
	workers []*worker
	// producers is the connection of all producers to Redis.
	producers *Link
	rows      [][]Row
	files     []string
	// rdb goes past every link.
	rdb    redis.UniversalClient
	ledger *ledger.Ledger

	// ctx ends what runs; running waits for it.
	end     context.CancelFunc
	running sync.WaitGroup
	// failed receives what the suite itself could not do.
	failed chan error
}

// build compiles the programs with the race detector, unless there are some.
func build(ctx context.Context, s settings, dir string) (programs string, err error) {
	if s.programs != "" {
		return filepath.Abs(s.programs)
	}
	programs = filepath.Join(dir, "bin")
	cmd := exec.CommandContext(ctx, "go", "build", "-race", "-o", programs+string(filepath.Separator),
		"havip/cmd/worker", "havip/cmd/enqueue", "havip/cmd/bcesim")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	return programs, nil
}

// open starts everything, in the directory.
func open(ctx context.Context, s settings, dir string) (*house, error) {
	programs, err := build(ctx, s, dir)
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(ctx)
	s.programs = programs
	h := &house{settings: s, dir: dir, journal: &Journal{}, end: end, failed: make(chan error, 1)}
	if err := h.start(ctx); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

func (h *house) start(ctx context.Context) (err error) {
	if h.store, err = startStore(ctx, h.dir); err != nil {
		return err
	}
	if h.rdb, err = redisconn.Open(ctx, h.store.url()); err != nil {
		return err
	}
	h.ledger = ledger.New(h.rdb)
	if err := h.startCloud(ctx); err != nil {
		return err
	}
	if err := h.writeRows(); err != nil {
		return err
	}
	if h.producers, err = newLink(ctx, h.store.dial, nil); err != nil {
		return err
	}
	for i := range h.settings.workers {
		if err := h.startWorker(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) writeRows() error {
	h.rows = rowsOf(h.items, h.batches)
	for i, rows := range h.rows {
		h.files = append(h.files, filepath.Join(h.dir, fmt.Sprintf("chaos-%d.csv", i)))
		if err := write(h.files[i], rows); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) program(name string) string { return filepath.Join(h.programs, name) }

func (h *house) log(name string) string { return filepath.Join(h.dir, name+".log") }

// env is what programs need of the system, and nothing of the user's own.
func (h *house) env(more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "TMPDIR=" + h.dir, "NO_COLOR=1",
		"BCE_ACCESS_KEY_ID=" + accessKey, "BCE_SECRET_ACCESS_KEY=" + secretKey,
	}, more...)
}

// fail tells what the suite itself could not do; the first is told.
func (h *house) fail(err error) {
	select {
	case h.failed <- err:
	default:
	}
}

// close ends everything.
func (h *house) close() {
	h.end()
	h.running.Wait()
	for _, w := range h.workers {
		w.redis.Close()
		w.cloud.Close()
	}
	if h.producers != nil {
		h.producers.Close()
	}
	if h.rdb != nil {
		_ = h.rdb.Close()
	}
	if h.store != nil && h.store.current() != nil {
		h.store.kill()
	}
}

// stops are those of all workers.
func (h *house) stops() []Stop {
	var stops []Stop
	for _, w := range h.workers {
		stops = append(stops, w.stopped()...)
	}
	return stops
}

// enqueue runs a producer to its end, past every link, and answers its output.
func (h *house) enqueue(ctx context.Context, args ...string) ([]byte, error) {
	//nolint:gosec // G702: the suite's own programs, with words of its own
	cmd := exec.CommandContext(ctx, h.program("enqueue"), args...)
	cmd.Env = h.env("HAVIP_REDIS_URL=" + h.store.url())
	cmd.Dir = h.dir
	cmd.SysProcAttr = dieWithSuite()
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("enqueue %v: %w\n%s", args, err, exit.Stderr)
	}
	return out, err
}
