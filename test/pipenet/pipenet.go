// Package pipenet is a network of pipes, for servers and clients in a bubble of testing/synctest: the
// bubble's clock stands still while somebody waits for a socket, and goes on while he waits for a pipe.
package pipenet

import (
	"context"
	"net"
	"sync"
)

// Listener is a [net.Listener] that is reached by its own DialContext alone.
type Listener struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

// Listen returns a listener. In a bubble it belongs to that.
func Listen() *Listener {
	return &Listener{accepted: make(chan net.Conn), closed: make(chan struct{})}
}

// DialContext connects to the listener, whatever the address, as [net/http.Transport] wants it.
func (l *Listener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.accepted <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept returns the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.accepted:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and DialContext; connections stay.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is a name, for a listener of pipes has no address.
func (*Listener) Addr() net.Addr { return &net.UnixAddr{Name: "pipenet"} }
