//go:build unix

package private

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// safely neither follows a symbolic link nor waits for the other end of a FIFO.
const safely = syscall.O_NOFOLLOW | withoutWaiting

// withoutWaiting does not wait for the other end of a FIFO.
const withoutWaiting = syscall.O_NONBLOCK

func owned(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// isLink reports whether an open failed because of O_NOFOLLOW; FreeBSD answers EMLINK.
func isLink(err error) bool {
	return errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.EMLINK)
}
