package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxSpool bounds what is kept of input without an end, in bytes: some ten million items.
const maxSpool = 2 << 30

// spool keeps input that can be read only once in a temporary file that only this user can
// read. Where the system allows it the file loses its name at once, so that not even a
// killed process leaves it behind.
func (f *File) spool(ctx context.Context, input io.Reader, dir string) error {
	file, err := os.CreateTemp(dir, "havip-items-*")
	if err != nil {
		return fmt.Errorf("read %s: keep a copy for reading twice: %w", f.Name(), err)
	}
	name := file.Name()
	remove := func() error { return os.Remove(name) }
	if remove() == nil {
		remove = func() error { return nil }
	}
	release := func() error { return errors.Join(file.Close(), remove()) }

	if err := copyUntil(ctx, file, input, maxSpool); err != nil {
		return errors.Join(fmt.Errorf("read %s: %w", f.Name(), err), release())
	}
	f.content, f.release = file, release
	return nil
}

// copyUntil copies until the input ends, ctx does, or the limit is passed.
//
// A read from a terminal or a pipe cannot be interrupted. So the copying has a goroutine of
// its own, and when ctx ends it is left behind, to end with its read or with the process;
// the road not taken is a program that Ctrl-C does not stop.
func copyUntil(ctx context.Context, to io.Writer, from io.Reader, limit int64) error {
	done := make(chan error, 1)
	go func() {
		n, err := io.Copy(to, io.LimitReader(from, limit+1))
		if err == nil && n > limit {
			err = fmt.Errorf("input is longer than %d bytes; split it into several files", limit)
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
