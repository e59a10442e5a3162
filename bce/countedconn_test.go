package bce

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// stuckConn fails its writes after a number of bytes.
type stuckConn struct {
	net.Conn
	allow   int
	blocked chan struct{}
	release chan struct{}
}

func (c *stuckConn) Write(p []byte) (int, error) {
	if c.blocked != nil {
		close(c.blocked)
		<-c.release
	}
	n := min(len(p), c.allow)
	if n < len(p) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

func (c *stuckConn) Close() error { return nil }

func TestCountedConn(t *testing.T) {
	t.Parallel()
	conn := newCountedConn(&stuckConn{allow: 3})
	if n, err := conn.Write([]byte("12345")); n != 3 || err == nil || conn.written() != 3 {
		t.Errorf("Write = %d, %v, written %d; want 3 bytes counted", n, err, conn.written())
	}
	none := newCountedConn(&stuckConn{})
	if _, err := none.Write([]byte("12345")); err == nil || none.written() != 0 {
		t.Errorf("a write of nothing counts %d", none.written())
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("x")); !errors.Is(err, net.ErrClosed) || conn.written() != 3 {
		t.Errorf("a write after Close = %v, written %d", err, conn.written())
	}
}

// TestCountedConnCountsWhileWriting looks at the count in mid-write, as a canceled call does.
func TestCountedConnCountsWhileWriting(t *testing.T) {
	t.Parallel()
	stuck := &stuckConn{blocked: make(chan struct{}), release: make(chan struct{})}
	conn := newCountedConn(stuck)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = conn.Write([]byte("12345"))
	}()
	<-stuck.blocked
	if conn.written() != 5 {
		t.Errorf("a write under way counts %d; want 5", conn.written())
	}
	close(stuck.release)
	<-done
}

func TestSentWatch(t *testing.T) {
	t.Parallel()
	used := newCountedConn(&stuckConn{allow: 10})
	_, _ = used.Write([]byte("before"))
	fresh := newCountedConn(&stuckConn{allow: 10})
	watch := &sentWatch{}
	if watch.connected() || watch.sent() {
		t.Error("nothing happened, and yet it is connected or sent")
	}
	watch.got(used)
	watch.got(fresh)
	if !watch.connected() || watch.sent() {
		t.Error("an earlier request's bytes count for this one")
	}
	_, _ = used.Write([]byte("x"))
	if !watch.sent() {
		t.Error("a byte on the first of two connections does not count")
	}
	foreign := &sentWatch{}
	foreign.got(&stuckConn{})
	if !foreign.sent() {
		t.Error("a connection that cannot be counted must count as sent")
	}
}

// TestEveryConnectionIsCounted: an uncounted one would be assumed to have sent.
func TestEveryConnectionIsCounted(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	transport := newTransport(Config{}.withDefaults().Timeouts, poolOf(server))
	addr := server.Listener.Addr().String()
	for name, dial := range map[string]func(context.Context, string, string) (net.Conn, error){
		"http": transport.DialContext, "https": transport.DialTLSContext,
	} {
		conn, err := dial(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		counted, ok := conn.(*countedConn)
		if !ok || counted.written() != 0 {
			t.Errorf("%s: connection is a %T", name, conn)
		}
		_ = conn.Close()
	}
}
