package plan

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"havip/internal/private"
)

// Writer writes a plan into a file that appears under its name complete or not at all. A process that is
// killed leaves a hidden file .NAME.*.part. A Writer is for one goroutine at a time.
type Writer struct {
	path   string
	file   *os.File
	buf    *bufio.Writer
	sum    hash.Hash
	enc    *json.Encoder
	counts Counts
}

// Save starts a plan. Commit replaces an existing plan of that name; any other existing file is refused.
// The caller ends with [Writer.Commit] or [Writer.Abort].
func Save(path string, h Header) (*Writer, error) {
	if err := replaceable(path); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part") // with mode 0600
	if err != nil {
		return nil, saveError(path, err)
	}
	w := &Writer{path: path, file: file, buf: bufio.NewWriter(file), sum: sha256.New()}
	w.enc = json.NewEncoder(io.MultiWriter(w.buf, w.sum))
	w.enc.SetEscapeHTML(false)
	h.Kind, h.Version = kindWord, version
	if err := w.enc.Encode(h); err != nil {
		return nil, errors.Join(saveError(path, err), w.Abort())
	}
	return w, nil
}

// replaceable refuses the name of an existing file that is not a plan: a typing mistake must not destroy a
// file of items.
func replaceable(path string) error {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		var is bool
		if is, err = isPlan(path); err == nil && !is {
			err = errors.New("exists and is not a plan; choose another file name")
		}
	}
	if err != nil {
		return saveError(path, err)
	}
	return nil
}

// Write adds a row.
func (w *Writer) Write(r Row) error {
	w.counts.Add(r)
	if err := w.enc.Encode(savedOf(r)); err != nil {
		return saveError(w.path, err)
	}
	return nil
}

// Commit ends the plan, syncs it to disk and renames it to its name.
func (w *Writer) Commit() error {
	last := saved{End: &end{Counts: w.counts, SHA256: hex.EncodeToString(w.sum.Sum(nil))}}
	if err := errors.Join(w.enc.Encode(last), w.buf.Flush(), w.file.Sync()); err != nil {
		return errors.Join(saveError(w.path, err), w.Abort())
	}
	part := w.file.Name()
	err := errors.Join(w.file.Close(), os.Rename(part, w.path))
	if err != nil {
		return errors.Join(saveError(w.path, err), os.Remove(part))
	}
	if err := private.SyncDir(filepath.Dir(w.path)); err != nil {
		return saveError(w.path, err)
	}
	return nil
}

// Abort discards the plan. An existing file of its name is unchanged.
func (w *Writer) Abort() error {
	return errors.Join(w.file.Close(), os.Remove(w.file.Name()))
}

func saveError(path string, err error) error {
	cause := err
	if wrapped := (*fs.PathError)(nil); errors.As(err, &wrapped) {
		cause = wrapped.Err
	}
	return fmt.Errorf("save plan %q: %w", path, cause)
}
