package cli

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// sameSignal is how soon after the first a second signal counts as the same one: timeout(1), for example, signals a
// process and then its group.
const sameSignal = 50 * time.Millisecond

// terminalOf is the child to which [LendTerminal] lent the terminal; nil for none. Like signals, it is global.
var terminalOf atomic.Pointer[os.Process]

// LendTerminal lets a child, such as a pager, control the terminal. Until back is called, a second Ctrl-C does not end this
// process, because the child would then compete with the shell for the terminal, and SIGTERM is forwarded to the child. The
// caller waits for the child and calls back.
func LendTerminal(child *os.Process) (back func()) {
	terminalOf.Store(child)
	return func() { terminalOf.Store(nil) }
}

// OnSignal returns a context that SIGINT, SIGTERM or SIGHUP cancels. A second SIGINT or SIGTERM ends the process at
// once, with the exit code of an interrupted program, but see [LendTerminal]; all durable state is in Redis. Call release
// when the program ends by itself.
//
// A second SIGHUP does not end the process: a closing terminal sends it more than once, and systemd may send it right
// after SIGTERM. A process started with SIGHUP ignored, as by nohup, continues to ignore it.
func OnSignal(parent context.Context) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	hangup := make(chan os.Signal, 1)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(hangup, syscall.SIGHUP)
	}
	done := make(chan struct{})
	go func() {
		var first time.Time
		for {
			var received os.Signal
			select {
			case received = <-signals:
			case <-hangup:
				cancel()
				continue
			case <-done:
				return
			}
			child := terminalOf.Load()
			if child != nil && received == syscall.SIGTERM {
				_ = child.Signal(received) // it may have ended
			}
			switch {
			case first.IsZero():
				first = time.Now()
				cancel()
			case child != nil && received == os.Interrupt:
			case time.Since(first) > sameSignal:
				os.Exit(int(ExitInterrupted))
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		signal.Stop(hangup)
		close(done)
		cancel()
	}
}

// OutliveReaders ignores SIGPIPE, so that the process continues when the reader of its stdout or stderr is gone. It is for
// servers; a program that only produces output should end by SIGPIPE, as in `enqueue list | head`.
func OutliveReaders() {
	// Notify, not Ignore, which child processes would inherit.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}
