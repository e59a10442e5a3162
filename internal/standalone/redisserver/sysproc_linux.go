package redisserver

import "syscall"

// sysProcAttr gives the child its own process group and asks the kernel to kill it when the forking thread ends. SIGKILL
// is safe, because with appendfsync always all acknowledged writes are on disk, and nothing delays it while a successor
// waits.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
