//go:build unix

package until_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"havip/internal/until"
)

var errStopped = errors.New("interrupted")

// A FIFO without a writer keeps an open waiting, as a file server that does not answer does.
func TestOpenWithEndsWithTheContext(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	opening, late := make(chan struct{}), make(chan *os.File, 1)
	ended := make(chan error)
	go func() {
		_, err := until.OpenWith(ctx, path, func(path string) (*os.File, error) {
			close(opening)
			file, err := os.Open(path)
			late <- file
			return file, err
		})
		ended <- err
	}()
	<-opening
	cancel(errStopped)
	if err := <-ended; !errors.Is(err, errStopped) {
		t.Errorf("got %v", err)
	}
	w, err := os.OpenFile(path, os.O_WRONLY, 0) // waits for the open that was given up, and lets it end
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	<-late
	// Once the reader is closed, a write fails: nobody reads any more.
	for err == nil {
		_, err = w.Write([]byte("x"))
	}
	if !errors.Is(err, syscall.EPIPE) {
		t.Errorf("the file that was opened late stays open: %v", err)
	}
}

func TestDoMakesNoCallAfterTheEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errStopped)
	called := false
	if _, err := until.Do(ctx, func() (bool, error) { called = true; return true, nil }); called || !errors.Is(err, errStopped) {
		t.Errorf("called %t: %v", called, err)
	}
}
