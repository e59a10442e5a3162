package bce

import (
	"context"
	"net"
	"net/http/httptrace"
	"sync"
)

// countedConn counts the bytes written to a connection. For https it wraps the *tls.Conn, so that
// the handshake does not count.
type countedConn struct {
	net.Conn
	mu     sync.Mutex
	count  int64
	closed bool
}

func newCountedConn(conn net.Conn) *countedConn { return &countedConn{Conn: conn} }

// Write counts before it writes, and subtracts what was not written: a reader during a write sees
// it as done, which is the safe error.
func (c *countedConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return 0, net.ErrClosed
	}
	c.count += int64(len(p))
	c.mu.Unlock()

	n, err := c.Conn.Write(p)
	if n < len(p) {
		c.mu.Lock()
		c.count -= int64(len(p) - n)
		c.mu.Unlock()
	}
	return n, err
}

// Close also refuses later writes: net/http closes a connection before it reports a failed
// request, so that the count is final then.
func (c *countedConn) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	return c.Conn.Close()
}

func (c *countedConn) written() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

// sentWatch observes whether any byte of one request was written.
type sentWatch struct {
	// assume is the result if no connection was seen: false for our own transport, which reports
	// every connection before it writes to it, true for others.
	assume bool

	mu      sync.Mutex
	gotAny  bool
	foreign bool
	marks   []connMark
}

// connMark is a connection that the request got, and its count before.
type connMark struct {
	conn   *countedConn
	before int64
}

// watch returns a context under which the transport reports to w. There can be several connections:
// net/http takes another if an idle one is dead.
func (w *sentWatch) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { w.got(info.Conn) },
	})
}

func (w *sentWatch) got(conn net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gotAny = true
	counted, ok := findCounted(conn)
	if !ok {
		w.foreign = true
		return
	}
	w.marks = append(w.marks, connMark{counted, counted.written()})
}

// findCounted unwraps a connection: with a proxy, net/http wraps ours in TLS. The count then includes
// the handshake, which is the safe error.
func findCounted(conn net.Conn) (*countedConn, bool) {
	for conn != nil {
		if counted, ok := conn.(*countedConn); ok {
			return counted, true
		}
		layer, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return nil, false
		}
		conn = layer.NetConn()
	}
	return nil, false
}

// connected reports whether the request got a connection, as far as is known.
func (w *sentWatch) connected() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gotAny || w.assume
}

// sent is final once the round trip has returned.
func (w *sentWatch) sent() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.assume || w.foreign {
		return true
	}
	for _, m := range w.marks {
		if m.conn.written() > m.before {
			return true
		}
	}
	return false
}
