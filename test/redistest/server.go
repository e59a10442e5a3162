package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"havip/internal/standalone/redisserver"
	"havip/test/freeport"
)

const (
	// patience is the last guard of every wait: far beyond what succeeds on any machine.
	patience = 5 * time.Minute
	// bufferSize keeps a client small: go-redis's default is 32 KiB, and 128 KiB for pipelines, both ways.
	bufferSize = 4 << 10
	// startAttempts bounds the starts on ports that somebody else took first.
	startAttempts = 20
	// busDistance is how far the port of a Redis Cluster's bus is above the server's.
	busDistance = 10_000
)

// Server is a redis-server that belongs to one test.
type Server struct {
	dir   string
	addr  string
	lines []string

	mu      sync.Mutex
	process *redisserver.Process
	// resume is closed to let a stopped server go on; nil when it was not stopped.
	resume chan struct{}
}

// Start runs a server until the test ends. It fails the test when there is no redis-server
// to run: a test that silently did not run protects nothing.
func Start(tb testing.TB, options ...Option) *Server {
	tb.Helper()
	s := &Server{dir: tb.TempDir()}
	for _, option := range options {
		option(s)
	}
	for range startAttempts {
		s.addr = s.reserve(tb)
		err := s.run(tb)
		if err == nil {
			tb.Cleanup(s.Kill)
			return s
		}
		if !inUse(err) {
			fatal(tb, err)
		}
	}
	tb.Fatalf("redistest: no free port in %d attempts", startAttempts)
	return nil
}

func (s *Server) reserve(tb testing.TB) string {
	tb.Helper()
	if slices.Contains(s.lines, clusterEnabled) {
		return freeport.Reserve(tb, busDistance)
	}
	return freeport.Reserve(tb)
}

func (s *Server) run(tb testing.TB) error {
	tb.Helper()
	ctx, cancel := context.WithTimeoutCause(tb.Context(), patience, errors.New("it takes too long"))
	defer cancel()
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return err
	}
	lines := append([]string{
		"port " + port,
		"bind 127.0.0.1",
		`save ""`,
		"appendonly no",
		"maxmemory-policy noeviction",
		// A master otherwise waits five seconds for more replicas before it serves the first.
		"repl-diskless-sync-delay 0",
	}, s.lines...)
	process, err := redisserver.Start(ctx, redisserver.Config{Dir: s.dir, Lines: lines})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.process = process
	s.mu.Unlock()
	return nil
}

func (s *Server) current() *redisserver.Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}

// Addr returns host:port; it stays the same across restarts.
func (s *Server) Addr() string { return s.addr }

// URL returns the address as a redis:// URL of database 0.
func (s *Server) URL() string { return "redis://" + s.Addr() + "/0" }

// Dir returns the directory that holds the server's persistence files.
func (s *Server) Dir() string { return s.dir }

// PID returns the process ID of the server that runs now, or ran last.
func (s *Server) PID() int { return s.current().PID() }

// Client returns a plain client of the server, closed when the test ends. It has go-redis's
// defaults and none of the project's own hooks, but it waits for a slow server: a command that
// is repeated after a timeout may be carried out twice.
func (s *Server) Client(tb testing.TB) redis.UniversalClient {
	tb.Helper()
	client := redis.NewClient(&redis.Options{
		Addr:                     s.Addr(),
		DisableIdentity:          true,
		DialTimeout:              patience,
		ReadTimeout:              patience,
		WriteTimeout:             patience,
		ReadBufferSize:           bufferSize,
		WriteBufferSize:          bufferSize,
		PipelinePoolSize:         -1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	tb.Cleanup(func() {
		if err := client.Close(); err != nil && !errors.Is(err, redis.ErrClosed) {
			tb.Errorf("redistest: close client: %v", err)
		}
	})
	return client
}

// Kill ends the server as kill -9 does and returns when it is gone. Killing a dead server
// does nothing.
func (s *Server) Kill() {
	s.letGo()
	s.current().Kill()
}

// Stop (SIGSTOP) halts the server in its tracks: connections stay open and nothing answers. It stays
// stopped also where somebody else, who stops and continues processes to make the machine slow, lets it go on.
func (s *Server) Stop() {
	process := s.current()
	process.Signal(syscall.SIGSTOP)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resume != nil {
		return
	}
	s.resume = make(chan struct{})
	go keepStopped(process, s.resume)
}

// keepStopped repeats the signal until resume is closed.
func keepStopped(process *redisserver.Process, resume <-chan struct{}) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			process.Signal(syscall.SIGSTOP)
		case <-resume:
			process.Signal(syscall.SIGCONT)
			return
		}
	}
}

// Resume (SIGCONT) lets a stopped server go on; commands that arrived meanwhile are carried out.
func (s *Server) Resume() { s.letGo() }

func (s *Server) letGo() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resume != nil {
		close(s.resume)
		s.resume = nil
	}
}

// Restart brings the server back on the same port and directory, killing it first if it
// still runs. It returns when the data is loaded.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.Kill()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := s.run(tb)
		if err == nil {
			return
		}
		if !inUse(err) {
			fatal(tb, err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			fatal(tb, fmt.Errorf("%s was taken while the server was down: %w", s.addr, err))
		}
	}
}

func inUse(err error) bool {
	var exit *redisserver.ExitError
	return errors.As(err, &exit) && strings.Contains(exit.Log, "Address already in use")
}

func fatal(tb testing.TB, err error) {
	tb.Helper()
	if errors.Is(err, redisserver.ErrNotInstalled) {
		tb.Fatalf("redistest: %v; or run make test, which installs it", err)
	}
	tb.Fatalf("redistest: %v", err)
}
