//go:build unix

package redisserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// outputGrace is how long to wait for the end of a dead server's output, which a child process, such as an AOF
// rewrite, may keep open.
const outputGrace = time.Second

// ErrNotInstalled reports that redis-server is not installed.
var ErrNotInstalled = errors.New("redis-server is not installed (Debian and Ubuntu: apt-get install redis-server; macOS: brew install redis)")

// ExitError reports how a server ended.
type ExitError struct {
	// Cause is the exit status in words, such as "signal: killed".
	Cause string
	// Log is the end of the server's log; it may be empty.
	Log string
}

func (e *ExitError) Error() string {
	if e.Log == "" {
		return "redis-server ended: " + e.Cause
	}
	return fmt.Sprintf("redis-server ended: %s; the end of its log:\n%s", e.Cause, indent(e.Log))
}

// Process is a running redis-server. It is safe for concurrent use.
type Process struct {
	cmd  *exec.Cmd
	log  *log
	done chan struct{}
	err  error // written before done is closed
}

// Start runs a server and returns when it accepts connections. If ctx ends first, it kills the server; after Start has
// returned, ctx has no effect. The error is an [*ExitError] if the server ends before it is ready, and
// [ErrNotInstalled] if the program is missing.
func Start(ctx context.Context, config Config) (*Process, error) {
	binary := config.Binary
	if binary == "" {
		binary = "redis-server"
	}
	path, err := exec.LookPath(binary)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, ErrNotInstalled)
	}
	// Signal ends the server, not the context of its start.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, "-")
	cmd.Dir = config.Dir
	cmd.Stdin = strings.NewReader(strings.Join(config.Lines, "\n") + "\n")
	cmd.ExtraFiles = config.Inherit
	cmd.SysProcAttr = sysProcAttr()
	cmd.WaitDelay = outputGrace
	// Only what the server needs: no locale or proxy of the parent.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	p := &Process{cmd: cmd, log: newLog(), done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.log, p.log

	started := make(chan error, 1)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return p, p.awaitReady(ctx)
}

// run forks the server and waits for its end on the same thread, because the kernel kills the child when that thread
// ends.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	cause := "exit status 0"
	// An output that is still open does not affect how the server itself ended.
	if err := p.cmd.Wait(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		cause = err.Error()
	}
	p.err = &ExitError{Cause: cause, Log: p.log.tail()}
	close(p.done)
}

func (p *Process) awaitReady(ctx context.Context) error {
	select {
	case <-p.log.ready:
		return nil
	case <-p.done:
		return p.err
	case <-ctx.Done():
		p.Signal(syscall.SIGKILL)
		<-p.done
		return fmt.Errorf("start redis-server: %w; the end of its log:\n%s", context.Cause(ctx), indent(p.log.tail()))
	}
}

// PID returns the server's process ID.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the server has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err returns nil while the server runs, and afterwards an [*ExitError].
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Signal sends a signal; it does nothing if the server has ended.
func (p *Process) Signal(sig os.Signal) {
	// It fails only if the process has ended, which Done reports.
	_ = p.cmd.Process.Signal(sig)
}

// Stop ends the server with SIGTERM, which makes it flush its AOF, or with SIGKILL if ctx ends first. It returns when
// the process has ended.
func (p *Process) Stop(ctx context.Context) {
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-ctx.Done():
		p.Kill()
	}
}

// Kill ends the server with SIGKILL and returns when the process has ended.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.done
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}
