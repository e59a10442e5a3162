package e2e

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// link stands between programs and Redis. While it holds, it passes on what a program sends only as far as
// the test allows: in between, the program is at work for as long as the test wants, and can be killed there.
// What Redis answers is never held.
type link struct {
	listener net.Listener
	redis    string
	ended    chan struct{}
	// stuck takes a value from each connection that has something to send and must not.
	stuck chan struct{}

	mu    sync.Mutex
	holds bool
	// left is how many bytes may pass.
	left int
	// changed is closed and replaced when holds or left changes.
	changed chan struct{}
}

// linkStep is how far a program goes from one look at what it has done to the next: less than it sends for
// twenty items.
const linkStep = 4 << 10

// newLink starts a link to the Redis.
func (w *stack) newLink(t *testing.T) *link {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{
		listener: listener, redis: w.redis.Addr(),
		ended: make(chan struct{}), stuck: make(chan struct{}), changed: make(chan struct{}),
	}
	t.Cleanup(func() {
		close(l.ended)
		_ = listener.Close()
	})
	go l.serve()
	return l
}

// url is the Redis's by way of the link. A program that is held hears nothing from Redis, and that is no
// failure.
func (l *link) url() string {
	return "redis://" + l.listener.Addr().String() + "/0?read_timeout=1h&write_timeout=1h"
}

func (l *link) serve() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		go l.connect(client)
	}
}

// connect lives as long as the program's connection does, and Redis's.
func (l *link) connect(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", l.redis)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	gone := make(chan struct{})
	go func() {
		_, _ = io.Copy(client, server) // ends when either side closes
		_ = client.Close()
		close(gone)
	}()
	buffer := make([]byte, linkStep)
	for {
		n, err := client.Read(buffer)
		for rest := buffer[:n]; len(rest) > 0; {
			may := l.take(len(rest), gone)
			if may == 0 {
				return
			}
			if _, err := server.Write(rest[:may]); err != nil {
				return
			}
			rest = rest[may:]
		}
		if err != nil {
			return
		}
	}
}

// take waits until something may pass, and answers how many of n bytes; 0 when the connection or the test is
// over.
func (l *link) take(n int, gone <-chan struct{}) int {
	for {
		l.mu.Lock()
		may, changed := n, l.changed
		if l.holds {
			may = min(n, l.left)
			l.left -= may
		}
		l.mu.Unlock()
		if may > 0 {
			return may
		}
		select {
		case l.stuck <- struct{}{}:
		case <-changed:
		case <-gone:
			return 0
		case <-l.ended:
			return 0
		}
	}
}

// set lets pass so many bytes from now on, or everything.
func (l *link) set(holds bool, left int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holds, l.left = holds, left
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *link) isHeld() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.holds && l.left == 0
}

// pass lets the program send so many bytes more, and returns when it has, and has more to send.
func (l *link) pass(t *testing.T, p *process, bytes int) {
	t.Helper()
	l.set(true, bytes)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case <-l.stuck:
			if l.isHeld() { // and was not when it was allowed more
				return
			}
		case <-p.done:
			t.Fatalf("the program was to be held, and has ended: exit code %d\n%s", p.exitCode(), p.stderr)
		case <-timer.C:
			t.Fatalf("the program has sent nothing more for %s\n%s", patience, p.stderr)
		}
	}
}

// killAt runs enqueue by way of the link until it has reached something, and so many bytes further: there it
// is held, with more to send, and killed.
func (w *stack) killAt(t *testing.T, l *link, reached func() bool, further int, args ...string) {
	t.Helper()
	l.set(true, 0)
	env := append(slices.Clone(w.env), "HAVIP_REDIS_URL="+l.url())
	p := start(t, command{program: "enqueue", args: args, env: env, dir: w.dir})
	for !reached() {
		l.pass(t, p, linkStep)
	}
	l.pass(t, p, further)
	p.kill()
	l.set(false, 0)
}

// stopAfter starts enqueue behind a link of its own, and returns it when so many bytes of what it asked of
// Redis have gone through: it stands still there.
func (w *stack) stopAfter(t *testing.T, bytes int, args ...string) *process {
	t.Helper()
	l := w.newLink(t)
	l.set(true, 0)
	env := append(without(w.env, "HAVIP_REDIS_URL"), "HAVIP_REDIS_URL="+l.url())
	p := start(t, command{program: "enqueue", args: args, env: env, dir: w.dir})
	w.processes = append(w.processes, p)
	l.pass(t, p, bytes)
	return p
}
