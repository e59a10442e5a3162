package bce

import (
	"context"
	"net"
	"net/http/httptrace"
	"sync"
)

// countedConn counts the bytes written to a connection. For https it stands around the
// *tls.Conn, so that a handshake does not look like a request.
type countedConn struct {
	net.Conn
	mu     sync.Mutex
	count  int64
	closed bool
}

func newCountedConn(conn net.Conn) *countedConn { return &countedConn{Conn: conn} }

// Write counts before it writes, and takes back what was not written: whoever looks while
// a write is under way sees it as done, which is the safe side.
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

// Close also bars later writes: net/http closes a connection before it reports a failed
// request, so from then on the count stands still.
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

// sentWatch knows whether any byte of one request was written.
type sentWatch struct {
	// assume is the answer as long as no connection was seen: false for our own transport,
	// which shows every connection before it writes to it, true for a foreign one.
	assume bool

	mu      sync.Mutex
	gotAny  bool
	foreign bool
	marks   []connMark
}

// connMark is a connection that the request was given, and its count before.
type connMark struct {
	conn   *countedConn
	before int64
}

// watch returns a context under which the transport reports to w. There can be several
// connections: net/http changes over when an idle one turns out dead before use.
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

// findCounted looks through the layers of a connection: through a proxy, net/http puts TLS
// around ours. The count then includes TLS's own bytes, which errs on the safe side.
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

// connected reports whether the request was given a connection, as far as can be known.
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
