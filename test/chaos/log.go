//go:build unix

package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// runLog is what a run writes: to the user, and with every event to a file.
type runLog struct {
	began  time.Time
	stdout io.Writer
	file   *os.File

	mu   sync.Mutex
	seen map[Kind]int
}

func newRunLog(path string, stdout io.Writer) (*runLog, error) {
	file, err := os.Create(path)
	return &runLog{began: time.Now(), stdout: stdout, file: file, seen: map[Kind]int{}}, err
}

func (log *runLog) close() { _ = log.file.Close() }

func (log *runLog) say(format string, args ...any) {
	line := fmt.Sprintf("%6.1fs  %s\n", time.Since(log.began).Seconds(), fmt.Sprintf(format, args...))
	_, _ = io.WriteString(log.stdout, line)
	_, _ = io.WriteString(log.file, line)
}

// note enters an event once it is over.
func (log *runLog) note(e Event, err error) {
	log.mu.Lock()
	log.seen[e.Kind]++
	log.mu.Unlock()
	_, _ = fmt.Fprintf(log.file, "%s  from %s: %s (error: %v)\n", time.Now().Format(clock), e.At.Round(time.Millisecond), e, err)
}

func (log *runLog) counts() string {
	log.mu.Lock()
	defer log.mu.Unlock()
	var texts []string
	for _, kind := range slices.Sorted(maps.Keys(log.seen)) {
		texts = append(texts, fmt.Sprintf("%s %d", kind, log.seen[kind]))
	}
	return strings.Join(texts, ", ")
}
