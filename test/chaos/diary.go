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

// diary is what a run says: to the user, and with every event to a file.
type diary struct {
	began  time.Time
	stdout io.Writer
	file   *os.File

	mu   sync.Mutex
	seen map[Kind]int
}

func newDiary(path string, stdout io.Writer) (*diary, error) {
	file, err := os.Create(path)
	return &diary{began: time.Now(), stdout: stdout, file: file, seen: map[Kind]int{}}, err
}

func (d *diary) close() { _ = d.file.Close() }

func (d *diary) say(format string, args ...any) {
	line := fmt.Sprintf("%6.1fs  %s\n", time.Since(d.began).Seconds(), fmt.Sprintf(format, args...))
	_, _ = io.WriteString(d.stdout, line)
	_, _ = io.WriteString(d.file, line)
}

// note enters an event once it is over.
func (d *diary) note(e Event, err error) {
	d.mu.Lock()
	d.seen[e.Kind]++
	d.mu.Unlock()
	_, _ = fmt.Fprintf(d.file, "%s  from %s: %s (error: %v)\n", time.Now().Format(clock), e.At.Round(time.Millisecond), e, err)
}

func (d *diary) counts() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var texts []string
	for _, kind := range slices.Sorted(maps.Keys(d.seen)) {
		texts = append(texts, fmt.Sprintf("%s %d", kind, d.seen[kind]))
	}
	return strings.Join(texts, ", ")
}
