package lab

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// serveVariable tells a program of this module to be another of its processes: a role, a space, and what the role needs to know.
const serveVariable = "HAVIP_BENCH_SERVE"

// Serving reports whether this process is to play a role, and returns what [Start] told it.
func Serving(role string) (what string, is bool) {
	return strings.CutPrefix(os.Getenv(serveVariable), role+" ")
}

// Serve serves on a free port until the process ends that started this one.
func Serve(handler http.Handler) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	fmt.Println("http://" + listener.Addr().String())
	_ = http.Serve(listener, handler)
}

// Process is a program that runs beside the measurement, so that its CPU and memory are its own.
type Process struct {
	cmd    *exec.Cmd
	stdout *bufio.Reader
	ended  <-chan struct{}
}

// Start starts this program in a process of its own, to play a role.
func Start(ctx context.Context, role, what string) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), serveVariable+"="+role+" "+what)
	return start(cmd)
}

func start(cmd *exec.Cmd) (*Process, error) {
	if cmd.Stderr == nil {
		cmd.Stderr = os.Stderr
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	ended, err := startTied(cmd, syscall.SIGKILL)
	return &Process{cmd: cmd, stdout: bufio.NewReader(stdout), ended: ended}, err
}

// Line waits for the next line that the process writes to stdout.
func (p *Process) Line() (string, error) {
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("the process ended early: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// Kill ends the process at once, if it has not ended.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}

// StartServer starts this program as a server, whose CPU does not count.
func StartServer(ctx context.Context, role, what string) (url string, stop func(), err error) {
	p, err := Start(ctx, role, what)
	if err != nil {
		return "", nil, err
	}
	url, err = p.Line()
	if err != nil {
		p.Kill()
		return "", nil, err
	}
	return url, p.Kill, nil
}

// CPUTime is the CPU, user and system, that this process has used.
func CPUTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
