package redisserver

import "syscall"

// sysProcAttr gives the child its own process group and asks the kernel to kill it when
// the forking thread ends. SIGKILL and not SIGTERM: with appendfsync always whatever was
// acknowledged is on disk, and nothing can delay the kill while a successor waits.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
