//go:build unix

package main

import (
	"context"
	"sync"
	"syscall"
	"time"
)

// restartPause is how long a worker that ended by itself stays down, as a service manager has it.
const restartPause = 500 * time.Millisecond

// worker keeps one worker running, whatever becomes of its process.
type worker struct {
	number int
	command
	// redis and cloud are its connections.
	redis, cloud *Link

	mu    sync.Mutex
	now   *process
	rest  time.Duration
	stops []Stop
}

// run starts the worker again and again until ctx ends, and leaves none running.
func (w *worker) run(ctx context.Context) error {
	for ctx.Err() == nil {
		p, err := start(w.command)
		if err != nil {
			return err
		}
		w.mu.Lock()
		w.now, w.rest = p, restartPause
		w.mu.Unlock()
		select {
		case <-p.done:
		case <-ctx.Done():
			p.kill()
		}
		w.mu.Lock()
		rest := w.rest
		w.mu.Unlock()
		pause(ctx, rest)
	}
	return nil
}

// end sends the signal that ends the process; it stays down for the given time.
func (w *worker) end(sig syscall.Signal, down time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = down
	if w.now != nil {
		w.now.signal(sig)
	}
}

// stop stops the process, and resume lets it go on.
func (w *worker) stop() (resume func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.now
	if p == nil {
		return func() {}
	}
	i := len(w.stops)
	// Until it is resumed, it is stopped for ever.
	w.stops = append(w.stops, Stop{Worker: w.number, From: time.Now(), Until: time.Now().AddDate(1, 0, 0)})
	p.signal(syscall.SIGSTOP)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		p.signal(syscall.SIGCONT)
		w.stops[i].Until = time.Now()
	}
}

func (w *worker) stopped() []Stop {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Stop(nil), w.stops...)
}
