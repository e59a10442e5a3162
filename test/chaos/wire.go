//go:build unix

package main

import (
	"errors"
	"io"
	"net"
	"slices"
	"sync"
)

// held is how many chunks a stalled direction takes before its sender is made to wait.
const held = 64

// wire is one connection through a [Link].
type wire struct {
	link           *Link
	client, server net.Conn
	watcher        watcher
	// gone is closed with the wire.
	gone chan struct{}
	once sync.Once
}

// run passes on until either end is closed.
func (w *wire) run() {
	var halves sync.WaitGroup
	up, down := make(chan []byte, held), make(chan []byte, held)
	halves.Go(func() { w.read(w.client, up, Up) })
	halves.Go(func() { w.read(w.server, down, Down) })
	halves.Go(func() { w.write(w.server, up, Up) })
	halves.Go(func() { w.write(w.client, down, Down) })
	halves.Wait()
}

// read takes in what one end sends, also while the direction is stalled, so that an end that
// leaves is noticed at once. What a client had sent that left before it was passed on is lost;
// what a server had answered is still passed on.
func (w *wire) read(from net.Conn, chunks chan<- []byte, d Direction) {
	defer close(chunks)
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if w.watcher != nil && d == Up {
				w.watcher.sent(buffer[:n])
			}
			select {
			case chunks <- slices.Clone(buffer[:n]):
			case <-w.gone:
				return
			}
		}
		switch {
		case err == nil:
		case d == Down && errors.Is(err, io.EOF):
			return // what it has sent is still on its way; write closes behind it
		default:
			w.close(!errors.Is(err, io.EOF))
			return
		}
	}
}

func (w *wire) write(to net.Conn, chunks <-chan []byte, d Direction) {
	for chunk := range chunks {
		if !w.awaitOpen(d) {
			return
		}
		if w.watcher != nil && d == Down {
			w.watcher.answered() // before it is, as the client's next request may be faster than we
		}
		if _, err := to.Write(chunk); err != nil {
			w.close(true)
			return
		}
	}
	if d == Down && w.awaitOpen(d) {
		w.close(false)
	}
}

// awaitOpen waits until the direction is open, and reports whether the wire still stands.
func (w *wire) awaitOpen(d Direction) bool {
	for {
		changed := w.link.open(d)
		select {
		case <-w.gone:
			return false
		default:
		}
		if changed == nil {
			return true
		}
		select {
		case <-changed:
		case <-w.gone:
			return false
		}
	}
}

// close ends both ends, by force or in order.
func (w *wire) close(force bool) {
	w.once.Do(func() {
		close(w.gone)
		if w.watcher != nil {
			w.watcher.closed() // before it is, as with an answer
		}
		for _, c := range []net.Conn{w.client, w.server} {
			if force {
				reset(c)
			} else {
				_ = c.Close()
			}
		}
	})
}
