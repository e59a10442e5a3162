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

// outputGrace is how long a dead server's output may be held open by a child of its own,
// such as an AOF rewrite, before it is no longer waited for.
const outputGrace = time.Second

// ErrNotInstalled is the cause when there is no redis-server to run.
var ErrNotInstalled = errors.New("redis-server is not installed (Debian and Ubuntu: apt-get install redis-server; macOS: brew install redis)")

// ExitError tells how a server ended.
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

// Process is a running redis-server. Its methods may be called from any goroutine.
type Process struct {
	cmd  *exec.Cmd
	log  *log
	done chan struct{}
	err  error // written before done is closed
}

// Start runs a server and returns when it accepts connections. If ctx ends first, the
// server is killed; once Start has returned, ctx no longer matters. A server that ends
// before it is ready gives an [*ExitError], a missing program [ErrNotInstalled].
func Start(ctx context.Context, config Config) (*Process, error) {
	binary := config.Binary
	if binary == "" {
		binary = "redis-server"
	}
	path, err := exec.LookPath(binary)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, ErrNotInstalled)
	}
	// The server's life is ended by Signal, never by the context of its start.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, "-")
	cmd.Dir = config.Dir
	cmd.Stdin = strings.NewReader(strings.Join(config.Lines, "\n") + "\n")
	cmd.ExtraFiles = config.Inherit
	cmd.SysProcAttr = sysProcAttr()
	cmd.WaitDelay = outputGrace
	// A locale or a proxy of the parent's is nothing to the server.
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

// run forks the server and waits for its end on one and the same thread: see the package
// comment for why the thread must live as long as the child.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	cause := "exit status 0"
	// Output that is still open afterwards says nothing about how the server itself ended.
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

// Done is closed when the server has ended and its exit was collected.
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

// Signal sends a signal; to a server that has ended it does nothing.
func (p *Process) Signal(sig os.Signal) {
	// The only failure is that the process has finished, which Done reports.
	_ = p.cmd.Process.Signal(sig)
}

// Stop ends the server with SIGTERM, which makes it flush its AOF, and with SIGKILL when
// ctx ends first. It returns when the process is gone.
func (p *Process) Stop(ctx context.Context) {
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-ctx.Done():
		p.Kill()
	}
}

// Kill ends the server with SIGKILL and returns when the process is gone.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.done
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}
