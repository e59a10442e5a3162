package e2e

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait. It is no measure of anything: what takes seconds on a machine of its own
// takes a minute on one that is stopped and started, and no verdict depends on it.
const patience = 5 * time.Minute

// process is a running program. It is killed when its test ends.
type process struct {
	name           string
	cmd            *exec.Cmd
	stdout, stderr *output
	done           chan struct{}
}

// output collects a stream, and tells who waits for a line in it.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
	return o.text.Write(p)
}

// look returns what was written so far, and a channel that is closed with the next write.
func (o *output) look() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String(), o.changed
}

func (o *output) String() string {
	text, _ := o.look()
	return text
}

// command is a program to be started.
type command struct {
	program string
	args    []string
	env     []string
	dir     string
	stdin   io.Reader
	// both, if not nil, is what the program gets as stdout and stderr; they are not collected then.
	both *os.File
}

// start runs a command until it ends or the test does.
func start(tb testing.TB, c command) *process {
	tb.Helper()
	path := c.program
	if !strings.Contains(path, "/") {
		path = program(path)
	}
	p := &process{name: c.program, cmd: exec.Command(path, c.args...), stdout: newOutput(), stderr: newOutput(), done: make(chan struct{})}
	p.cmd.Env, p.cmd.Dir, p.cmd.Stdin = c.env, c.dir, c.stdin
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if c.both != nil {
		p.cmd.Stdout, p.cmd.Stderr = c.both, c.both
	}
	p.cmd.SysProcAttr = dieWithTest()
	// A grandchild that holds the output open is not waited for.
	p.cmd.WaitDelay = 5 * time.Second
	started := make(chan error, 1)
	go func() {
		// The thread that forks must live as long as the child: see dieWithTest.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // its result is in ProcessState
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		tb.Fatalf("start %s: %v", c.program, err)
	}
	tb.Cleanup(func() {
		p.kill()
		p.report(tb)
	})
	return p
}

// report shows a failed test what its processes said, and fails it for a data race.
func (p *process) report(tb testing.TB) {
	tb.Helper()
	if text := p.stderr.String(); strings.Contains(text, "DATA RACE") {
		tb.Errorf("%s has a data race:\n%s", p.name, text)
		return
	}
	if tb.Failed() {
		tb.Logf("%s %v: %v\nstdout (end):\n%s\nstderr (end):\n%s", p.name, p.cmd.Args[1:], p.cmd.ProcessState, tail(p.stdout.String()), tail(p.stderr.String()))
	}
}

func tail(text string) string {
	const most = 3000
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}
	return text
}

// kill is kill -9; it returns when the process is gone.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
}

func (p *process) signal(sig os.Signal) { _ = p.cmd.Process.Signal(sig) } // it may have ended

// stop halts the process in its tracks until resume is called. It stays stopped also where somebody else, who
// stops and continues processes to make the machine slow, lets it go on.
func (p *process) stop() (resume func()) {
	p.signal(syscall.SIGSTOP)
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-tick.C:
				p.signal(syscall.SIGSTOP)
			case <-over:
				p.signal(syscall.SIGCONT)
				return
			case <-p.done:
				return
			}
		}
	}()
	return func() {
		close(over)
		<-ended
	}
}

// wait returns the exit code once the process has ended, and fails the test if it does not.
func (p *process) wait(tb testing.TB) int {
	tb.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.done:
		return p.exitCode()
	case <-timer.C:
		tb.Fatalf("%s has not ended after %s", p.name, patience)
		return -1
	}
}

// exitCode is that of an ended process; -1 if a signal ended it.
func (p *process) exitCode() int { return p.cmd.ProcessState.ExitCode() }

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

var errEnded = errors.New("the process has ended")

// awaitText waits for text on stderr.
func (p *process) awaitText(tb testing.TB, text string) {
	tb.Helper()
	if err := p.seek(text, patience); err != nil {
		tb.Fatalf("%s: waiting for %q on stderr: %v", p.name, text, err)
	}
}

func (p *process) seek(text string, patience time.Duration) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		said, changed := p.stderr.look()
		if strings.Contains(said, text) {
			return nil
		}
		select {
		case <-changed:
		case <-p.done:
			if strings.Contains(p.stderr.String(), text) {
				return nil
			}
			return errEnded
		case <-timer.C:
			return os.ErrDeadlineExceeded
		}
	}
}
