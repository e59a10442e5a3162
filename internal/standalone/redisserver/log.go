package redisserver

import (
	"bytes"
	"strings"
	"sync"
)

const (
	// readyLine is logged by every supported version once it is bound, loaded and serving:
	// "Ready to accept connections" for a port and, before version 7.2, "The server is now
	// ready to accept connections at" for a Unix socket.
	readyLine = "eady to accept connections"
	// tailLines is how much of the log is kept: enough for a start-up failure's reason.
	tailLines = 20
	// maxLine limits the length of a line.
	maxLine = 4096
)

// log receives the server's output, keeps its last lines and watches for the ready line.
type log struct {
	ready chan struct{} // closed at the ready line

	mu      sync.Mutex
	isReady bool
	partial []byte
	lines   []string
}

func newLog() *log {
	return &log{ready: make(chan struct{})}
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rest := p
	for {
		line, after, found := bytes.Cut(rest, []byte("\n"))
		l.partial = append(l.partial, line[:min(len(line), maxLine-len(l.partial))]...)
		if !found {
			return len(p), nil
		}
		l.add(string(bytes.TrimRight(l.partial, "\r")))
		l.partial = l.partial[:0]
		rest = after
	}
}

func (l *log) add(line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	if len(l.lines) == tailLines {
		l.lines = l.lines[:copy(l.lines, l.lines[1:])]
	}
	l.lines = append(l.lines, line)
	if !l.isReady && strings.Contains(line, readyLine) {
		l.isReady = true
		close(l.ready)
	}
}

// tail returns the last lines, oldest first.
func (l *log) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}
