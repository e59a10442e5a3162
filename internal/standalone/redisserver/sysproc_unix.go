//go:build unix && !linux

package redisserver

import "syscall"

// sysProcAttr gives the child its own process group; only Linux can also tie its life to
// its parent's.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
