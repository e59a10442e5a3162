//go:build unix && !linux

package main

import "syscall"

// dieWithSuite has no equal elsewhere: there, the suite's own end alone ends its processes.
func dieWithSuite() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
