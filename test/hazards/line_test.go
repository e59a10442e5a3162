package hazards

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// line leads to a Redis in memory, and can be cut: what is connected breaks, what connects is
// refused. The Redis keeps what it has.
type line struct {
	redis *miniredis.Miniredis

	mu    sync.Mutex
	isCut bool
	conns []net.Conn
}

// The errors of a host that is up, on which Redis is not: they are what go-redis goes by.
var (
	errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errReset   = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
)

// Dial is redis.Options's.
func (l *line) Dial(context.Context, string, string) (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isCut {
		return nil, errRefused
	}
	conn, err := l.redis.Dial()
	if err != nil {
		return nil, err
	}
	l.conns = append(l.conns, conn)
	return wire{conn}, nil
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isCut = true
	for _, conn := range l.conns {
		_ = conn.Close()
	}
	l.conns = nil
}

func (l *line) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isCut = false
}

// wire is a pipe whose end is reported as a socket's is.
type wire struct{ net.Conn }

func (w wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	return n, asSocket(err)
}

func (w wire) Write(b []byte) (int, error) {
	n, err := w.Conn.Write(b)
	return n, asSocket(err)
}

// A socket takes deadlines until it is closed at this end, and this one is not.

func (w wire) SetReadDeadline(t time.Time) error {
	_ = w.Conn.SetReadDeadline(t)
	return nil
}

func (w wire) SetWriteDeadline(t time.Time) error {
	_ = w.Conn.SetWriteDeadline(t)
	return nil
}

func asSocket(err error) error {
	if errors.Is(err, io.ErrClosedPipe) {
		return errReset
	}
	return err
}
