package manifest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"havip/internal/until"
)

// maxSpool limits input without a file, in bytes: some ten million items.
const maxSpool = 2 << 30

// TempDirError reports that input which can be read only once could not be stored: the temporary directory is missing, not
// writable, or full.
type TempDirError struct {
	Dir string
	Err error
}

func (e *TempDirError) Error() string {
	cause := e.Err
	if wrapped := (*fs.PathError)(nil); errors.As(cause, &wrapped) {
		cause = wrapped.Err
	}
	return fmt.Sprintf("no temporary file can be kept in %s: %v; set TMPDIR to a directory that this user can write to and that has room",
		printable(e.Dir), cause)
}

// Unwrap returns the cause.
func (e *TempDirError) Unwrap() error { return e.Err }

// tempFile makes errors of writing a [*TempDirError].
type tempFile struct {
	io.Writer
	dir string
}

func (t tempFile) Write(p []byte) (int, error) {
	n, err := t.Writer.Write(p)
	if err != nil {
		err = &TempDirError{Dir: t.dir, Err: err}
	}
	return n, err
}

// spool stores input that can be read only once in a temporary file that only this user can read. If possible, it unlinks
// the file at once, so that even a killed process leaves nothing behind.
func (f *File) spool(ctx context.Context, input io.Reader, dir string) error {
	dir = cmp.Or(dir, os.TempDir())
	file, err := os.CreateTemp(dir, "havip-items-*")
	if err != nil {
		return fmt.Errorf("read %s: %w", f.Name(), &TempDirError{Dir: dir, Err: err})
	}
	name := file.Name()
	remove := func() error { return os.Remove(name) }
	if remove() == nil {
		remove = func() error { return nil }
	}
	release := func() error { return errors.Join(file.Close(), remove()) }

	if err := copyUntil(ctx, tempFile{file, dir}, input, maxSpool); err != nil {
		return errors.Join(fmt.Errorf("read %s: %w", f.Name(), err), release())
	}
	f.content, f.release = file, release
	return nil
}

// copyUntil copies until the input ends, ctx does, or the limit is passed.
func copyUntil(ctx context.Context, to io.Writer, from io.Reader, limit int64) error {
	n, err := until.Do(ctx, func() (int64, error) { return io.Copy(to, io.LimitReader(from, limit+1)) })
	if err == nil && n > limit {
		return fmt.Errorf("input is longer than %d bytes; split it into several files", limit)
	}
	return err
}
