//go:build unix

package standalone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"havip/internal/private"
)

const (
	lockName = "lock"
	// lockPatience is how long a start waits for the lock: a server that ends with its program needs a
	// moment, longer under load.
	lockPatience = 3 * time.Second
	lockInterval = 20 * time.Millisecond
)

// LockedError reports a state directory that is in use.
type LockedError struct {
	// Program and Server are the owner's process IDs; 0 if it has not written them yet. Either may hold the
	// lock: a server that has outlived its program still does.
	Program, Server int
	// socket is the server's, set once the server is ready; brief is the owner's.
	socket socket
	brief  bool
}

func (e *LockedError) Error() string {
	switch {
	case e.Program == 0:
		return "in use by another process"
	case e.Server == 0:
		return fmt.Sprintf("in use by process %d; wait for it or end it", e.Program)
	}
	return fmt.Sprintf("in use by process %d with its redis-server %d; wait for them or end them", e.Program, e.Server)
}

// owner is what the owner of a lock writes into its file: for the error of other processes, and for the next owner to
// clean up after a crash.
type owner struct {
	program, server int
	socket          string
	// brief is whether it is a command, which has the store open for a moment, not a program that works on it.
	brief bool
}

const ownerFormat = "program %d\nserver %d\nsocket %q\nbrief %t\n"

// lock is an acquired lock file. The lock belongs to the open file, not the process: a child that inherits the file
// holds it too. So it is released by closing, not by unlocking, which would release the child's as well.
type lock struct {
	file  *os.File
	owner owner
}

// acquire takes the lock, waiting up to patience, and removes the socket of a crashed owner.
func acquire(ctx context.Context, path string, patience time.Duration) (*lock, error) {
	file, err := private.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(ctx, file, patience); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	last := readOwner(file)
	if last.socket != "" {
		// Its server has ended, or it would hold the lock; a remaining file does no harm.
		_ = socket(last.socket).remove()
	}
	return &lock{file: file, owner: owner{program: os.Getpid()}}, nil
}

func flock(ctx context.Context, file *os.File, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(lockInterval)
	defer ticker.Stop()
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			if err != nil {
				return fmt.Errorf("lock %s: %w", file.Name(), err)
			}
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			holder := readOwner(file)
			locked := &LockedError{Program: holder.program, Server: holder.server, brief: holder.brief}
			if holder.server != 0 {
				locked.socket = socket(holder.socket)
			}
			return locked
		}
	}
}

// readOwner reads what the last owner wrote; unreadable fields are zero.
func readOwner(file *os.File) owner {
	var o owner
	reader := io.NewSectionReader(file, 0, 1<<12)
	if _, err := fmt.Fscanf(reader, ownerFormat, &o.program, &o.server, &o.socket, &o.brief); err != nil {
		return owner{}
	}
	return o
}

// write replaces the file's content with the owner.
func (l *lock) write() error {
	text := fmt.Appendf(nil, ownerFormat, l.owner.program, l.owner.server, l.owner.socket, l.owner.brief)
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt(text, 0)
	return err
}

// release releases this process's lock. The file remains: if it were deleted, two processes could lock two files of
// one name.
func (l *lock) release() error { return l.file.Close() }
