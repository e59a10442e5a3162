//go:build unix

package main

import (
	"context"
	"net"
	"sync"
)

// Direction is a way through a [Link]; both may be combined.
type Direction int

// The directions.
const (
	// Up is from the client to the server.
	Up Direction = 1 << iota
	// Down is from the server to the client.
	Down
)

// Link is a connection between two parties that can be cut: a TCP proxy on loopback that passes on
// everything by default. It is safe for concurrent use.
type Link struct {
	listener net.Listener
	dial     func(context.Context) (net.Conn, error)
	// watch returns the watcher of a connection's bytes; nil watches nothing.
	watch func() watcher

	mu      sync.Mutex
	wires   map[*wire]struct{}
	refused bool
	stalled Direction
	// changed is closed and replaced when stalled changes.
	changed chan struct{}
	done    sync.WaitGroup
}

// watcher receives the bytes of one connection.
type watcher interface {
	sent(chunk []byte)
	answered()
	closed()
}

// newLink listens on a port of its own, and passes on to what dial reaches.
func newLink(ctx context.Context, dial func(context.Context) (net.Conn, error), watch func() watcher) (*Link, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &Link{listener: listener, dial: dial, watch: watch, wires: map[*wire]struct{}{}, changed: make(chan struct{})}
	l.done.Go(func() { l.serve(ctx) })
	return l, nil
}

// Addr is where clients connect to.
func (l *Link) Addr() string { return l.listener.Addr().String() }

// Cut resets every connection that stands; new ones are possible at once.
func (l *Link) Cut() {
	l.mu.Lock()
	wires := make([]*wire, 0, len(l.wires))
	for w := range l.wires {
		wires = append(wires, w)
	}
	l.mu.Unlock()
	for _, w := range wires {
		w.close(true)
	}
}

// Refuse cuts all connections and refuses new ones until Restore.
func (l *Link) Refuse() {
	l.mu.Lock()
	l.refused = true
	l.mu.Unlock()
	l.Cut()
}

// Stall keeps what is sent in the direction until Restore, like a network that loses every packet: connections stay open, and neither end notices.
func (l *Link) Stall(d Direction) { l.set(d) }

// Restore forwards everything again, including what was kept.
func (l *Link) Restore() {
	l.mu.Lock()
	l.refused = false
	l.mu.Unlock()
	l.set(0)
}

// Close ends the link and everything on it.
func (l *Link) Close() {
	_ = l.listener.Close()
	l.Refuse()
	l.done.Wait()
}

func (l *Link) set(stalled Direction) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stalled = stalled
	close(l.changed)
	l.changed = make(chan struct{})
}

// open returns nil when the direction is open, or else what is closed when that may have changed.
func (l *Link) open(d Direction) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stalled&d == 0 {
		return nil
	}
	return l.changed
}

func (l *Link) serve(ctx context.Context) {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.done.Go(func() { l.connect(ctx, client) })
	}
}

// connect lives as long as the connection does.
func (l *Link) connect(ctx context.Context, client net.Conn) {
	server, err := l.dial(ctx)
	if err != nil {
		reset(client)
		return
	}
	w := &wire{link: l, client: client, server: server, gone: make(chan struct{})}
	if l.watch != nil {
		w.watcher = l.watch()
	}
	l.mu.Lock()
	refused := l.refused
	if !refused {
		l.wires[w] = struct{}{}
	}
	l.mu.Unlock()
	if refused {
		w.close(true)
		return
	}
	w.run()
	l.mu.Lock()
	delete(l.wires, w)
	l.mu.Unlock()
}

// reset closes with a TCP RST where there is TCP, so that the other end notices at once, and of
// a failure.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
