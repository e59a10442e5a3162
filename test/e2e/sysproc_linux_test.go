package e2e

import "syscall"

// dieWithTest has the kernel kill the child when the thread that forked it ends: no process
// outlives a test binary that was itself killed.
func dieWithTest() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
