package redistest

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"havip/internal/standalone/redisserver"
)

const (
	// startTimeout is far beyond any start that will succeed, even on a loaded machine.
	startTimeout = 30 * time.Second
	// bindAttempts bounds the search for a port that nobody has.
	bindAttempts = 50
	// Ports are taken from below the range that systems give to outgoing connections, so
	// that a stranger's connection rarely sits on a port that Restart needs again.
	firstPort, lastPort = 10_000, 32_000
)

// Server is a redis-server that belongs to one test.
type Server struct {
	dir   string
	port  int
	lines []string

	mu      sync.Mutex
	process *redisserver.Process
}

// Start runs a server until the test ends. It fails the test when there is no redis-server
// to run: a test that silently did not run protects nothing.
func Start(tb testing.TB, options ...Option) *Server {
	tb.Helper()
	s := &Server{dir: tb.TempDir()}
	for _, option := range options {
		option(s)
	}
	for range bindAttempts {
		s.port = firstPort + rand.IntN(lastPort-firstPort)
		err := s.run(tb)
		if err == nil {
			tb.Cleanup(s.Kill)
			return s
		}
		if !inUse(err) {
			fatal(tb, err)
		}
	}
	tb.Fatalf("redistest: no free port in %d attempts", bindAttempts)
	return nil
}

func (s *Server) run(tb testing.TB) error {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), startTimeout)
	defer cancel()
	lines := append([]string{
		"port " + strconv.Itoa(s.port),
		"bind 127.0.0.1",
		`save ""`,
		"appendonly no",
		"maxmemory-policy noeviction",
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
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// URL returns the address as a redis:// URL of database 0.
func (s *Server) URL() string { return "redis://" + s.Addr() + "/0" }

// Dir returns the directory that holds the server's persistence files.
func (s *Server) Dir() string { return s.dir }

// PID returns the process ID of the server that runs now, or ran last.
func (s *Server) PID() int { return s.current().PID() }

// Client returns a plain client of the server, closed when the test ends. It has go-redis's
// defaults and none of the project's own hooks.
func (s *Server) Client(tb testing.TB) redis.UniversalClient {
	tb.Helper()
	client := redis.NewClient(&redis.Options{
		Addr:                     s.Addr(),
		DisableIdentity:          true,
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
func (s *Server) Kill() { s.current().Kill() }

// Stop (SIGSTOP) halts the server in its tracks: connections stay open and nothing answers.
func (s *Server) Stop() { s.current().Signal(syscall.SIGSTOP) }

// Resume (SIGCONT) lets a stopped server go on; commands that arrived meanwhile are carried out.
func (s *Server) Resume() { s.current().Signal(syscall.SIGCONT) }

// Restart brings the server back on the same port and directory, killing it first if it
// still runs. It returns when the data is loaded.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.Kill()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for range bindAttempts {
		err := s.run(tb)
		if err == nil {
			return
		}
		if !inUse(err) {
			fatal(tb, err)
		}
		select {
		case <-ticker.C:
		case <-tb.Context().Done():
		}
	}
	tb.Fatalf("redistest: port %d was taken while the server was down", s.port)
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
