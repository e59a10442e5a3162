package lab

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// Slow is a TCP proxy that hands on everything, in order and without a limit to how much is under way,
// but each way only after a delay.
type Slow struct {
	listener net.Listener
	to       string
	delay    time.Duration

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	done  sync.WaitGroup
}

// NewSlow starts a proxy to an address that adds a round trip's time, half of it each way.
func NewSlow(ctx context.Context, to string, roundTrip time.Duration) (*Slow, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Slow{listener: listener, to: to, delay: roundTrip / 2, conns: map[net.Conn]struct{}{}}
	s.done.Go(func() { s.serve(ctx) })
	return s, nil
}

// Addr is where clients connect to.
func (s *Slow) Addr() string { return s.listener.Addr().String() }

// Close ends every connection.
func (s *Slow) Close() {
	_ = s.listener.Close()
	s.mu.Lock()
	for conn := range s.conns {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.done.Wait()
}

func (s *Slow) serve(ctx context.Context) {
	for {
		client, err := s.listener.Accept()
		if err != nil {
			return
		}
		server, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		s.mu.Lock()
		s.conns[client], s.conns[server] = struct{}{}, struct{}{}
		s.mu.Unlock()
		s.done.Go(func() { s.pass(client, server) })
		s.done.Go(func() { s.pass(server, client) })
	}
}

// chunk is what was read at once, and when it is to arrive.
type chunk struct {
	bytes []byte
	due   time.Time
}

func (s *Slow) pass(from, to net.Conn) {
	// Room for what is under way; a reader that runs ahead of it waits.
	const underWay = 1 << 12
	way := make(chan chunk, underWay)
	s.done.Go(func() {
		defer func() { _ = from.Close(); _ = to.Close() }()
		for c := range way {
			until(c.due)
			if _, err := to.Write(c.bytes); err != nil {
				break
			}
		}
		for range way { //nolint:revive // what can no longer be delivered
		}
	})
	defer close(way)
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			way <- chunk{bytes: append([]byte(nil), buf[:n]...), due: time.Now().Add(s.delay)}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				_ = to.Close()
			}
			return
		}
	}
}

// until waits on a thread of its own, for the timers of the runtime are a millisecond late and more.
func until(due time.Time) {
	if wait := time.Until(due); wait > 0 {
		nap := syscall.NsecToTimespec(wait.Nanoseconds())
		_ = syscall.Nanosleep(&nap, nil) // woken early by a signal, it is a little less of a delay
	}
}
