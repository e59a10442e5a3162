// Package private opens files and directories that only this user may have written.
package private

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Dir creates the directory with mode 0700 if it is missing. It refuses a symbolic link, a directory of
// another user, and one that others may write to: their files would be read as our own.
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
		return refusal("directory", path, "belongs to another user; name one of your own, or change its owner with chown")
	case info.Mode().Perm()&0o002 != 0:
		return refusal("directory", path, "can be written by every user; run chmod o-w on it, or name another")
	}
	return nil
}

// OpenFile opens a regular file as [os.OpenFile] does. A symbolic link, and a FIFO, device or socket, is
// refused at once.
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

func refusal(op, path, reason string) error {
	return fmt.Errorf("%s %s: %s", op, path, reason)
}
