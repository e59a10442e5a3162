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
	// endpoint is the one cloud of all programs, since a batch has one. Each reaches it through a proxy: a worker through
	// a link of its own. The name is never looked up.
	endpoint  = "http://bcc.chaos.test"
	accessKey = "AKIDchaos0123456789"
	secretKey = "SKchaos-9876543210"
)

// environment is everything that runs: Redis, the simulator, the workers, and the links between them.
type environment struct {
	settings

	dir     string
	store   *store
	cloud   *cloud
	journal *Journal
	workers []*worker
	// producers is the connection of all producers to Redis.
	producers *Link
	// confirmed are the batches of which a producer succeeded, and lost what is not in the ledger of them.
	confirmed confirmed
	lost      []Finding
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
func open(ctx context.Context, s settings, dir string) (*environment, error) {
	programs, err := build(ctx, s, dir)
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(ctx)
	s.programs = programs
	env := &environment{settings: s, dir: dir, journal: &Journal{}, end: end, failed: make(chan error, 1)}
	if err := env.start(ctx); err != nil {
		env.close()
		return nil, err
	}
	return env, nil
}

func (env *environment) start(ctx context.Context) (err error) {
	if env.store, err = startStore(ctx, env.redis, env.dir); err != nil {
		return err
	}
	if env.rdb, err = redisconn.Open(ctx, env.store.url()); err != nil {
		return err
	}
	env.ledger = ledger.New(env.rdb)
	if err := env.startCloud(ctx); err != nil {
		return err
	}
	if err := env.writeRows(); err != nil {
		return err
	}
	if env.producers, err = newLink(ctx, env.store.dial, nil); err != nil {
		return err
	}
	for i := range env.settings.workers {
		if err := env.startWorker(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func (env *environment) writeRows() error {
	env.rows = rowsOf(env.items, env.batches)
	for i, rows := range env.rows {
		env.files = append(env.files, filepath.Join(env.dir, fmt.Sprintf("chaos-%d.csv", i)))
		if err := write(env.files[i], rows); err != nil {
			return err
		}
	}
	return nil
}

func (env *environment) program(name string) string { return filepath.Join(env.programs, name) }

func (env *environment) logPath(name string) string { return filepath.Join(env.dir, name+".log") }

// variables are what programs need of the system, and nothing of the user's own.
func (env *environment) variables(more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + env.dir, "TMPDIR=" + env.dir, "NO_COLOR=1",
		"BCE_ACCESS_KEY_ID=" + accessKey, "BCE_SECRET_ACCESS_KEY=" + secretKey,
	}, more...)
}

// fail reports a failure of the suite itself; only the first is reported.
func (env *environment) fail(err error) {
	select {
	case env.failed <- err:
	default:
	}
}

// close ends everything.
func (env *environment) close() {
	env.end()
	env.running.Wait()
	for _, w := range env.workers {
		w.redis.Close()
		w.cloud.Close()
	}
	if env.producers != nil {
		env.producers.Close()
	}
	if env.rdb != nil {
		_ = env.rdb.Close()
	}
	if env.store != nil {
		env.store.close()
	}
}

// stops are those of all workers.
func (env *environment) stops() []Stop {
	var stops []Stop
	for _, w := range env.workers {
		stops = append(stops, w.stopped()...)
	}
	return stops
}

// enqueue runs a producer to its end, past every link, and answers its output.
func (env *environment) enqueue(ctx context.Context, args ...string) ([]byte, error) {
	//nolint:gosec // G702: the suite's own programs, with words of its own
	cmd := exec.CommandContext(ctx, env.program("enqueue"), args...)
	cmd.Env = env.variables("HAVIP_REDIS_URL="+env.store.url(), "BCE_ENDPOINT="+endpoint, "HTTP_PROXY="+env.cloud.url)
	cmd.Dir = env.dir
	cmd.SysProcAttr = dieWithSuite()
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("enqueue %v: %w\n%s", args, err, exit.Stderr)
	}
	return out, err
}
