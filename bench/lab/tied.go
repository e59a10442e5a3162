package lab

import (
	"os/exec"
	"runtime"
	"syscall"
)

// startTied starts a command that ends with this process, however this process ends: the kernel then sends it the signal. ended is closed when
// the command has ended. The kernel goes by the thread that started it, so that thread waits for it.
func startTied(cmd *exec.Cmd, signal syscall.Signal) (ended <-chan struct{}, err error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = signal
	started, over := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // what it has to say is in its output
			close(over)
		}
	}()
	return over, <-started
}
