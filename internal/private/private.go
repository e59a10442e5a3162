// Package private opens files and directories that only this user may have written.
package private

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Dir creates the directory with mode 0700 if it is missing. It refuses a symbolic link, a directory of another user,
// and one that others may write to, because their files would be trusted.
func Dir(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return refusal("directory", path, "is a symbolic link; name the directory itself")
	case !info.IsDir():
		return refusal("directory", path, "is not a directory")
	case !owned(info):
		return refusal("directory", path, "belongs to another user; choose one of your own, or change its owner with chown")
	case info.Mode().Perm()&0o002 != 0:
		return refusal("directory", path, "can be written by every user; run chmod o-w on it, or choose another")
	}
	return nil
}

// SyncDir makes the names in a directory durable.
func SyncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// OpenFile opens a regular file like [os.OpenFile]. It refuses symbolic links, FIFOs, devices and sockets at once.
func OpenFile(path string, flag int, perm fs.FileMode) (*os.File, error) {
	file, err := os.OpenFile(path, flag|safely, perm)
	if isLink(err) {
		return nil, refusal("open", path, "is a symbolic link; replace it with the file itself")
	}
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = refusal("open", path, "is not a regular file; remove it")
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// OpenOwn opens a file for reading like [OpenFile], and refuses one that another user may have written: it belongs to
// another user, or every user may write or replace it.
func OpenOwn(path string) (*os.File, error) {
	file, err := OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = refuseForeign(path, info)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func refuseForeign(path string, info fs.FileInfo) error {
	dir, err := os.Stat(filepath.Dir(path))
	switch {
	case err != nil:
		return err
	case !owned(info):
		return refusal("open", path, "belongs to another user; check its contents, then copy it")
	case info.Mode().Perm()&0o002 != 0:
		return refusal("open", path, "can be written by every user; check its contents, then run chmod o-w on it")
	case dir.Mode().Perm()&0o002 != 0 && dir.Mode()&fs.ModeSticky == 0: // as /tmp is: only the owner can replace a file
		return refusal("open", path, "is in a directory that every user can write to; move it to another")
	}
	return nil
}

// ErrNotRegular reports a directory, FIFO, device or socket.
var ErrNotRegular = errors.New("is not a regular file")

// Look opens a regular file for reading, also through a symbolic link, and refuses anything else without waiting. It does
// not open a FIFO, whose writer would fail when the file is closed.
func Look(path string) (*os.File, error) {
	before, err := os.Stat(path)
	if err == nil && !before.Mode().IsRegular() {
		err = fmt.Errorf("open %s: %w", path, ErrNotRegular)
	}
	if err != nil {
		return nil, err
	}
	// The open file is checked again, because it may have been replaced since.
	file, err := os.OpenFile(path, os.O_RDONLY|withoutWaiting, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("open %s: %w", path, ErrNotRegular)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func refusal(op, path, reason string) error {
	return fmt.Errorf("%s %s: %s", op, path, reason)
}
