package bubbletest

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"havip/internal/redisconn"
)

// Redis is a miniredis whose connections are pipes and can be cut.
type Redis struct {
	redis *miniredis.Miniredis

	mu    sync.Mutex
	isCut bool
	conns []net.Conn
	// ahead is how far its clock is ahead of the bubble's, once stepping is set.
	ahead    time.Duration
	stepping bool
}

// StartRedis runs a Redis until the test ends. Its keys expire by the bubble's clock.
func StartRedis(tb testing.TB) *Redis {
	tb.Helper()
	server := miniredis.NewMiniRedis()
	server.ClockTTL(true)
	tb.Cleanup(server.Close)
	return &Redis{redis: server}
}

// poolSize is more connections than any test needs at once: a caller of go-redis that waits for one takes a
// timer from a pool that all bubbles of the process share, and a timer must not leave its bubble.
const poolSize = 1000

// idleConns and readBuffer keep bubbles small.
const (
	idleConns  = 10
	readBuffer = 1 << 10
)

// Client returns a client that is set up as those of redisconn are. It is closed when the test ends.
func (r *Redis) Client(tb testing.TB) redis.UniversalClient {
	tb.Helper()
	rdb := redis.NewClient(&redis.Options{
		Dialer: r.dial, DialerRetries: 1, ContextTimeoutEnabled: true, DisableIdentity: true,
		PoolSize: poolSize, PipelinePoolSize: -1, MaxIdleConns: idleConns, ReadBufferSize: readBuffer,
		// Of a socket, go-redis itself sees that it broke while it was idle.
		ConnMaxIdleTime:          10 * time.Second,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	redisconn.RepairAcks(rdb)
	tb.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// The errors of a host that is up but runs no Redis: go-redis goes by them.
var (
	errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errReset   = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
)

func (r *Redis) dial(context.Context, string, string) (net.Conn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isCut {
		return nil, errRefused
	}
	conn, err := r.redis.Dial()
	if err != nil {
		return nil, err
	}
	r.conns = append(r.conns, conn)
	return newWire(conn), nil
}

// Cut breaks the connections and refuses new ones until [Redis.Restore]. The Redis keeps its data.
func (r *Redis) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isCut = true
	for _, conn := range r.conns {
		_ = conn.Close()
	}
	r.conns = nil
}

// clockTick is how often a clock that has stepped moves on.
const clockTick = 20 * time.Millisecond

// StepClock lets the clock of Redis jump, as that of a machine does, or that of another host after a failover.
// It goes on from there until the test ends.
func (r *Redis) StepClock(tb testing.TB, by time.Duration) {
	tb.Helper()
	r.mu.Lock()
	r.ahead += by
	started := r.stepping
	r.stepping = true
	r.mu.Unlock()
	r.setClock()
	if started {
		return
	}
	tick, ended := time.NewTicker(clockTick), make(chan struct{})
	var ticking sync.WaitGroup
	ticking.Go(func() {
		for {
			select {
			case <-tick.C:
				r.setClock()
			case <-ended:
				return
			}
		}
	})
	tb.Cleanup(func() {
		tick.Stop()
		close(ended)
		ticking.Wait()
	})
}

func (r *Redis) setClock() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.redis.SetTime(time.Now().Add(r.ahead).UTC())
}

// Commands is how many commands were carried out, those inside scripts included.
func (r *Redis) Commands() int { return r.redis.CommandCount() }

// Restore accepts connections again.
func (r *Redis) Restore() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isCut = false
}

// wire is a pipe that holds what is written to it, and whose end is reported, as of a socket.
type wire struct {
	net.Conn
	// written says that there is something to send on; closed, that nothing is any more.
	written, closed chan struct{}
	once            sync.Once

	mu      sync.Mutex
	pending []byte
	failed  error
}

func newWire(conn net.Conn) *wire {
	w := &wire{Conn: conn, written: make(chan struct{}, 1), closed: make(chan struct{})}
	go w.pump()
	return w
}

// pump sends on what was written.
func (w *wire) pump() {
	for {
		select {
		case <-w.written:
		case <-w.closed:
			return
		}
		w.mu.Lock()
		b := w.pending
		w.pending = nil
		w.mu.Unlock()
		if _, err := w.Conn.Write(b); err != nil {
			w.mu.Lock()
			w.failed = asSocket(err)
			w.mu.Unlock()
			return
		}
	}
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	return n, asSocket(err)
}

func (w *wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return 0, w.failed
	}
	w.pending = append(w.pending, b...)
	select {
	case w.written <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	return w.Conn.Close()
}

// A socket takes deadlines until it is closed at this end, and this one is not.

func (w *wire) SetReadDeadline(t time.Time) error {
	_ = w.Conn.SetReadDeadline(t)
	return nil
}

func (w *wire) SetWriteDeadline(t time.Time) error {
	_ = w.Conn.SetWriteDeadline(t)
	return nil
}

func asSocket(err error) error {
	if errors.Is(err, io.ErrClosedPipe) {
		return errReset
	}
	return err
}
