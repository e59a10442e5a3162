package e2e

import (
	"io"
	"net"
	"sync"
	"testing"
)

// sluice is a way to Redis that lets so many bytes of requests through and then holds everything back: the
// program behind it stands still at the same point on any machine. What Redis answers is never held back.
type sluice struct {
	listener net.Listener
	redis    string
	// shut is closed when the bytes are used up.
	shut chan struct{}

	mu    sync.Mutex
	left  int
	conns []net.Conn
}

// newSluice opens a way to the stack's Redis that ends with the test.
func (w *stack) newSluice(t *testing.T, bytes int) *sluice {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sluice{listener: listener, redis: w.redis.Addr(), shut: make(chan struct{}), left: bytes}
	var serving sync.WaitGroup
	serving.Go(func() { s.serve(&serving) })
	t.Cleanup(func() {
		_ = listener.Close()
		s.close()
		serving.Wait()
	})
	return s
}

// stopAfter starts enqueue behind a sluice, and returns it when so many bytes of what it asked of Redis have
// gone through: it stands still there.
func (w *stack) stopAfter(t *testing.T, bytes int, args ...string) *process {
	t.Helper()
	s := w.newSluice(t, bytes)
	env := append(without(w.env, "HAVIP_REDIS_URL"), "HAVIP_REDIS_URL=redis://"+s.listener.Addr().String()+"/0")
	p := start(t, command{program: "enqueue", args: args, env: env, dir: w.dir})
	w.processes = append(w.processes, p)
	select {
	case <-s.shut:
	case <-p.done:
		t.Fatalf("enqueue %v has ended before it asked Redis for %d bytes: exit code %d", args, bytes, p.exitCode())
	}
	return p
}

func (s *sluice) serve(serving *sync.WaitGroup) {
	for {
		client, err := s.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", s.redis)
		if err != nil {
			_ = client.Close()
			continue
		}
		s.mu.Lock()
		s.conns = append(s.conns, client, server)
		s.mu.Unlock()
		serving.Go(func() {
			_, _ = io.Copy(client, server)
			_, _ = client.Close(), server.Close()
		})
		serving.Go(func() {
			_, _ = io.Copy(&held{s, server}, client)
			_, _ = client.Close(), server.Close()
		})
	}
}

// close ends all connections, as Redis does when it dies.
func (s *sluice) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.conns {
		_ = conn.Close()
	}
	s.conns = nil
}

// held is the writing end of a connection to Redis.
type held struct {
	sluice *sluice
	net.Conn
}

// Write writes as much as may go through; what is left is taken, and goes nowhere.
func (h *held) Write(request []byte) (int, error) {
	if n := h.sluice.take(len(request)); n > 0 {
		if _, err := h.Conn.Write(request[:n]); err != nil {
			return 0, err
		}
	}
	return len(request), nil
}

// take answers how many of n bytes may go through.
func (s *sluice) take(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := min(n, s.left)
	if s.left -= taken; taken > 0 && s.left == 0 {
		close(s.shut)
	}
	return taken
}
