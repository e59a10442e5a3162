package redisconn

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"syscall"
	"time"
)

// interruptGrace is how long a command may still take that waits for its answer when the program is interrupted, or that is
// sent afterwards.
const interruptGrace = 500 * time.Millisecond

// Until ends a client's commands soon after ctx, the program's own, is canceled. go-redis obeys a context's deadline while it
// waits for an answer, but not its cancellation: with a server that hangs, Ctrl-C would have to wait for the read timeout.
func Until(ctx context.Context) Option {
	return func(o *Options) {
		o.onInterrupt = func(f func()) (stop func() bool) { return context.AfterFunc(ctx, f) }
	}
}

// UntilStarted is [Until] for a program that needs Redis after an interrupt, once it has started: a worker records the
// outcomes of requests in flight. The program calls started then.
func UntilStarted(ctx context.Context) (option Option, started func()) {
	interrupts, interrupt := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, interrupt)
	return Until(interrupts), func() { stop() }
}

// keepAlive is go-redis's own.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 5 * time.Second, Count: 3}

// dialer returns how connections are made. Unlike go-redis's, it obeys the context during a TLS handshake.
func (o Options) dialer() func(ctx context.Context, network, addr string) (net.Conn, error) {
	plain := &net.Dialer{Timeout: o.DialTimeout, KeepAliveConfig: keepAlive}
	dial := plain.DialContext
	if o.TLS != nil {
		dial = (&tls.Dialer{NetDialer: plain, Config: o.TLS}).DialContext
	}
	if o.onInterrupt == nil {
		return dial
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return interruptible(conn, o.onInterrupt), nil
	}
}

// interruptible wraps a connection. go-redis checks whether an idle one is alive if it is a [syscall.Conn].
func interruptible(conn net.Conn, onInterrupt func(func()) func() bool) net.Conn {
	c := &interruptibleConn{Conn: conn}
	c.stop = onInterrupt(c.interrupt)
	if raw, ok := conn.(syscall.Conn); ok {
		return struct {
			*interruptibleConn
			syscall.Conn
		}{c, raw}
	}
	return c
}

// interruptibleConn is a connection whose reads and writes end soon after an interrupt.
type interruptibleConn struct {
	net.Conn

	stop func() bool

	mu          sync.Mutex
	interrupted bool
}

func (c *interruptibleConn) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.interrupted = true
	_ = c.Conn.SetDeadline(time.Now().Add(interruptGrace)) // fails only if it is closed
}

// limit returns the deadline, or an earlier one after an interrupt.
func (c *interruptibleConn) limit(deadline time.Time) time.Time {
	last := time.Now().Add(interruptGrace)
	if c.interrupted && (deadline.IsZero() || deadline.After(last)) {
		return last
	}
	return deadline
}

// SetDeadline sets both deadlines.
func (c *interruptibleConn) SetDeadline(deadline time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Conn.SetDeadline(c.limit(deadline))
}

// SetReadDeadline limits reads.
func (c *interruptibleConn) SetReadDeadline(deadline time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Conn.SetReadDeadline(c.limit(deadline))
}

// SetWriteDeadline limits writes.
func (c *interruptibleConn) SetWriteDeadline(deadline time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Conn.SetWriteDeadline(c.limit(deadline))
}

// Close closes the connection.
func (c *interruptibleConn) Close() error {
	c.stop()
	return c.Conn.Close()
}
