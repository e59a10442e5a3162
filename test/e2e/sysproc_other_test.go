//go:build !linux

package e2e

import "syscall"

// dieWithTest has no equal elsewhere: there, a test's cleanup alone ends its processes.
func dieWithTest() *syscall.SysProcAttr { return nil }
