package main

import "syscall"

// dieWithSuite has the kernel kill the child when the thread that forked it ends: no process
// outlives a suite that was itself killed.
func dieWithSuite() *syscall.SysProcAttr {
	// A process group of its own: an interrupt at the terminal reaches the suite alone, which then
	// ends its processes.
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
