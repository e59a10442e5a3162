//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

// patience is the last guard of a wait: far beyond what succeeds on any machine.
const patience = 5 * time.Minute

// party is a server at the far end of a link: it tells which lines arrive, and echoes them.
type party struct {
	listener net.Listener
	lines    chan string
	// gone receives the end of each connection.
	gone chan error
}

func newParty(t *testing.T) *party {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &party{listener: listener, lines: make(chan string, 100), gone: make(chan error, 100)}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
	return p
}

// serve echoes lines; after "bye" it closes in order.
func (p *party) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	lines := bufio.NewReader(conn)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			p.gone <- err
			return
		}
		p.lines <- line
		if _, err := io.WriteString(conn, line); err != nil || line == "bye\n" {
			return
		}
	}
}

func linkTo(t *testing.T, p *party, watch func() watcher) *Link {
	t.Helper()
	l, err := newLink(t.Context(), func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", p.listener.Addr().String())
	}, watch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// client is at the near end.
type client struct {
	net.Conn
	lines *bufio.Reader
}

func dial(t *testing.T, l *Link) *client {
	t.Helper()
	c, err := tryDial(t, l)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func tryDial(t *testing.T, l *Link) (*client, error) {
	t.Helper()
	conn, err := net.Dial("tcp", l.Addr())
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &client{conn, bufio.NewReader(conn)}, nil
}

func (c *client) say(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(c, line+"\n"); err != nil {
		t.Fatal(err)
	}
}

// hear returns the next line, or the error that ended the connection.
func (c *client) hear(t *testing.T) (string, error) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	line, err := c.lines.ReadString('\n')
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("nothing was heard")
	}
	return line, err
}

func (c *client) expect(t *testing.T, want string) {
	t.Helper()
	if line, err := c.hear(t); line != want+"\n" || err != nil {
		t.Fatalf("heard %q, %v; want %q", line, err, want)
	}
}

func (p *party) next(t *testing.T) string {
	t.Helper()
	select {
	case line := <-p.lines:
		return line
	case <-time.After(patience):
		t.Fatal("nothing arrived")
		return ""
	}
}

// closed waits for the end of a connection.
func (p *party) closed(t *testing.T) {
	t.Helper()
	select {
	case err := <-p.gone:
		t.Logf("the connection ended with %v", err)
	case <-time.After(patience):
		t.Fatal("the connection stands")
	}
}

func TestLinkPassesOn(t *testing.T) {
	t.Parallel()
	p := newParty(t)
	c := dial(t, linkTo(t, p, nil))
	c.say(t, "one")
	c.expect(t, "one")
	c.say(t, "bye")
	c.expect(t, "bye")
	if _, err := c.hear(t); !errors.Is(err, io.EOF) {
		t.Errorf("the server closed in order, the client sees %v", err)
	}
}

func TestLinkCut(t *testing.T) {
	t.Parallel()
	p := newParty(t)
	l := linkTo(t, p, nil)
	c := dial(t, l)
	c.say(t, "one")
	c.expect(t, "one")
	l.Cut()
	if _, err := c.hear(t); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a cut connection ends with %v, want a reset", err)
	}
	p.closed(t)
	again := dial(t, l)
	again.say(t, "two")
	again.expect(t, "two")
}

func TestLinkRefuses(t *testing.T) {
	t.Parallel()
	p := newParty(t)
	l := linkTo(t, p, nil)
	c := dial(t, l)
	c.say(t, "one")
	c.expect(t, "one")
	l.Refuse()
	if _, err := c.hear(t); err == nil {
		t.Error("a connection stands in a refusing link")
	}
	// Whether the reset comes before connect returns is up to the kernel; no word gets through.
	if refused, err := tryDial(t, l); err == nil {
		if line, err := refused.hear(t); err == nil {
			t.Errorf("a refusing link passes on %q", line)
		}
	}
	l.Restore()
	again := dial(t, l)
	again.say(t, "two")
	again.expect(t, "two")
}

// TestLinkStallsUp: what is said meanwhile arrives when the link heals, and not before.
func TestLinkStallsUp(t *testing.T) {
	t.Parallel()
	p := newParty(t)
	l := linkTo(t, p, nil)
	stalled, open := dial(t, l), dial(t, linkTo(t, p, nil))
	l.Stall(Up)
	stalled.say(t, "held")
	open.say(t, "passed")
	open.expect(t, "passed")
	if line := p.next(t); line != "passed\n" {
		t.Fatalf("%q arrived first", line)
	}
	l.Restore()
	stalled.expect(t, "held")
}

// TestLinkStallsDown: the server hears, its answer is buffered.
func TestLinkStallsDown(t *testing.T) {
	t.Parallel()
	p := newParty(t)
	var j Journal
	l := linkTo(t, p, func() watcher { return j.watch(1) })
	c := dial(t, l)
	l.Stall(Down)
	c.say(t, createLine+"?clientToken=t HTTP/1.1")
	p.next(t)
	if sends := j.Sends(time.Time{}); len(sends) != 1 || !sends[0].Until.IsZero() {
		t.Errorf("before the answer is delivered: %+v", sends)
	}
	l.Restore()
	if _, err := c.hear(t); err != nil {
		t.Fatal(err)
	}
	if sends := j.Sends(time.Time{}); sends[0].Until.IsZero() {
		t.Errorf("after the answer is delivered: %+v", sends)
	}
}

// TestLinkForgetsWhoLeft: what a client had said that left a stalled link never arrives, and both
// the server and the journal notice at once that it left.
func TestLinkForgetsWhoLeft(t *testing.T) {
	t.Parallel()
	p := newParty(t)
	var j Journal
	l := linkTo(t, p, func() watcher { return j.watch(1) })
	c := dial(t, l)
	c.say(t, "heard")
	c.expect(t, "heard")
	p.next(t)
	l.Stall(Up | Down)
	c.say(t, createLine+"?clientToken=t HTTP/1.1")
	_ = c.Close()
	p.closed(t)
	l.Restore()
	again := dial(t, l)
	again.say(t, "last")
	again.expect(t, "last")
	if line := p.next(t); line != "last\n" {
		t.Errorf("%q arrived after its sender had left", line)
	}
	if sends := j.Sends(time.Time{}); len(sends) != 1 || sends[0].Until.IsZero() {
		t.Errorf("the send of a client that left: %+v", sends)
	}
}
