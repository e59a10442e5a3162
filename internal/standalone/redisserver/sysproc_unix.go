//go:build unix && !linux

package redisserver

import "syscall"

// sysProcAttr gives the child its own process group; only Linux can also kill it with its parent.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
