//go:build unix

package manifest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// fifo makes a FIFO in a directory of its own.
func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "havips.csv")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var errStopped = errors.New("interrupted")

func TestAFIFOWithoutAWriterEndsWithTheContext(t *testing.T) {
	t.Parallel()
	path := fifo(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	opened := make(chan error)
	go func() {
		_, err := Open(ctx, path, Options{TempDir: t.TempDir()})
		opened <- err
	}()
	cancel(errStopped)
	if err := <-opened; !errors.Is(err, errStopped) {
		t.Errorf("got %v", err)
	}
	w, err := os.OpenFile(path, os.O_RDWR, 0) // lets go of the opening that may be left behind
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestAFIFOWhoseWriterIsSilentEndsWithTheContext(t *testing.T) {
	t.Parallel()
	path := fifo(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	opened := make(chan error)
	go func() {
		_, err := Open(ctx, path, Options{TempDir: t.TempDir()})
		opened <- err
	}()
	w, err := os.OpenFile(path, os.O_WRONLY, 0) // waits until it is opened for reading
	if err != nil {
		t.Fatal(err)
	}
	cancel(errStopped)
	if err := <-opened; !errors.Is(err, errStopped) {
		t.Errorf("got %v", err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestAFIFOIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	path := fifo(t)
	written := make(chan error)
	go func() { written <- os.WriteFile(path, []byte(sound), 0o600) }()
	f := open(t, path, Options{TempDir: t.TempDir()})
	if err := <-written; err != nil {
		t.Error(err)
	}
	if _, faults := check(t, f); len(faults) > 0 || len(rows(t, f)) != 1 {
		t.Errorf("faults: %q", faults)
	}
}
