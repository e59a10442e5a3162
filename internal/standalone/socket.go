//go:build unix

package standalone

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

const (
	socketName    = "redis.sock"
	socketDirStem = "havip-"
	// maxSocketPath is below the systems' limits of a socket's address: 108 bytes with the final zero on Linux,
	// 104 elsewhere.
	maxSocketPath = 100
	// stemRoom is the maximum length that os.MkdirTemp adds to a stem: a 32-bit number.
	stemRoom = 10
)

// socket is the path of a server's Unix socket in its own private directory. It is not in the state directory, whose
// path may be too long for a socket.
type socket string

// newSocket creates the directory, in the temporary directory or, if its path is too long, in /tmp.
func newSocket() (socket, error) {
	for _, base := range []string{os.TempDir(), "/tmp"} {
		if len(filepath.Join(base, socketDirStem, socketName))+stemRoom > maxSocketPath {
			continue
		}
		dir, err := os.MkdirTemp(base, socketDirStem)
		if err != nil {
			return "", fmt.Errorf("make a directory for the socket: %w", err)
		}
		return socket(filepath.Join(dir, socketName)), nil
	}
	return "", fmt.Errorf("make a directory for the socket: the path of TMPDIR, %s, is too long", os.TempDir())
}

// url returns the socket's URL for clients.
func (s socket) url() string { return (&url.URL{Scheme: "unix", Path: string(s)}).String() }

// remove deletes the socket and its directory, if they exist. It deletes only what newSocket can have created, never
// recursively.
func (s socket) remove() error {
	dir := filepath.Dir(string(s))
	if filepath.Base(string(s)) != socketName || !strings.HasPrefix(filepath.Base(dir), socketDirStem) {
		return nil
	}
	var errs []error
	for _, path := range []string{string(s), dir} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
