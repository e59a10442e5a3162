package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"havip/internal/private"
)

// ErrExists reports that the file of an archive exists and has other contents.
var ErrExists = errors.New("exists and has other contents")

// SaveError reports that a file cannot be written.
type SaveError struct {
	Path string
	Err  error
}

func (e *SaveError) Error() string { return fmt.Sprintf("archive %q: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *SaveError) Unwrap() error { return e.Err }

// Save makes an archive: write writes it and returns its hash. The file appears under its name complete and on disk, with mode 0600,
// or not at all; a process that is killed leaves a hidden file .NAME.*.part. An existing file is never replaced: one with the
// same contents, which an interrupted run left, is kept, any other is [ErrExists]. Made is whether this call made the file. The
// error is a [*SaveError], or that of write.
func Save(path string, write func(*os.File) (hash string, err error)) (hash string, made bool, err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part") // with mode 0600
	if err != nil {
		return "", false, saveError(path, err)
	}
	part := file.Name()
	defer func() { _ = os.Remove(part) }() // unless it was renamed
	if hash, err = write(file); err != nil {
		_ = file.Close() // it is removed
		if wrapped := (*fs.PathError)(nil); errors.As(err, &wrapped) {
			err = saveError(path, err)
		}
		return "", false, err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return "", false, saveError(path, err)
	}
	if made, err = publish(part, path, hash); err != nil {
		return "", false, saveError(path, err)
	}
	return hash, made, saveError(path, private.SyncDir(filepath.Dir(path)))
}

// publish gives a complete file its name, and reports false if a file with that hash has it already.
func publish(part, path, hash string) (made bool, err error) {
	err = os.Link(part, path) // unlike a rename, it replaces nothing
	if err == nil {
		return true, nil
	}
	if _, missing := os.Lstat(path); errors.Is(missing, fs.ErrNotExist) { // the file system has no links
		return true, os.Rename(part, path)
	}
	switch existing, err := Hash(path); {
	case err != nil:
		return false, fmt.Errorf("%w: %w", ErrExists, err)
	case existing != hash:
		return false, ErrExists
	}
	return false, nil
}

// saveError returns nil for none. It leaves out the path that the cause has.
func saveError(path string, err error) error {
	if err == nil {
		return nil
	}
	if wrapped := (*fs.PathError)(nil); errors.As(err, &wrapped) && !errors.Is(err, ErrExists) {
		err = wrapped.Err
	}
	return &SaveError{Path: path, Err: err}
}
