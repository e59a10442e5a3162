// Package spool stores a few small texts that must outlive their process: one file each, in one
// directory, written atomically.
//
// Several processes may share a directory. The process that handles a text removes its file; handling
// a text twice must be harmless.
package spool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"havip/internal/private"
)

const (
	extension = ".json"
	// halfWritten is the extension of a file that is being written.
	halfWritten = ".part"
)

// Spool is a directory of texts. It is safe for concurrent use.
type Spool struct{ dir string }

// Open creates the directory if it is missing, and checks that only this user can write files into it.
func Open(dir string) (*Spool, error) {
	if err := private.Dir(dir); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	s := &Spool{dir: dir}
	s.sweep()
	name, err := s.Put([]byte("{}"))
	if err != nil {
		return nil, err
	}
	return s, s.Remove(name)
}

// abandoned is the age after which a half-written file's process is taken for dead.
const abandoned = time.Hour

// sweep removes half-written files of dead processes.
func (s *Spool) sweep() {
	parts, _ := filepath.Glob(filepath.Join(s.dir, "*"+halfWritten)) // the pattern is well formed
	for _, part := range parts {
		if info, err := os.Stat(part); err == nil && time.Since(info.ModTime()) > abandoned {
			_ = os.Remove(part) // another process may have removed it
		}
	}
}

// Path returns the path of a text's file.
func (s *Spool) Path(name string) string { return filepath.Join(s.dir, name) }

// Put writes a text. When Put returns without an error, the text is on disk.
func (s *Spool) Put(text []byte) (name string, err error) {
	id, err := uuid.NewV7() // they sort by time
	if err != nil {
		return "", fmt.Errorf("spool: %w", err)
	}
	name = id.String() + extension
	part := s.Path(id.String() + halfWritten)
	if err := writeSynced(part, text); err != nil {
		return "", fmt.Errorf("spool: %w", errors.Join(err, os.Remove(part)))
	}
	if err := os.Rename(part, s.Path(name)); err != nil {
		return "", fmt.Errorf("spool: %w", errors.Join(err, os.Remove(part)))
	}
	return name, s.sync()
}

func writeSynced(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

// sync makes the rename durable.
func (s *Spool) sync() error {
	dir, err := os.Open(s.dir)
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}

// Names lists the texts, the oldest first.
func (s *Spool) Names() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), extension) {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// Get reads a text; found is false if it was removed meanwhile.
func (s *Spool) Get(name string) (text []byte, found bool, err error) {
	file, err := private.OpenFile(s.Path(name), os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("spool: %w", err)
	}
	text, err = io.ReadAll(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, false, fmt.Errorf("spool: %w", err)
	}
	return text, true, nil
}

// Remove removes a text, if it exists.
func (s *Spool) Remove(name string) error {
	if err := os.Remove(s.Path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}
