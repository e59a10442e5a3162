package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// sameSignal is how soon after the first a second signal is taken for the same one: timeout(1),
// among others, signals a process and then its group.
const sameSignal = 50 * time.Millisecond

// OnSignal returns a context that SIGINT, SIGTERM or SIGHUP cancels. A second SIGINT or SIGTERM ends the
// process at once, with the exit code of an interrupted program. Everything
// that matters is in Redis by then. Release must be called when the program has ended by itself.
//
// SIGHUP is no request to hurry: a terminal that closes sends it more than once, and systemd may send it
// right after SIGTERM. A process that was started with SIGHUP ignored, as by nohup, continues to ignore it.
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
			select {
			case <-signals:
			case <-hangup:
				cancel()
				continue
			case <-done:
				return
			}
			switch {
			case first.IsZero():
				first = time.Now()
				cancel()
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

// OutliveReaders has the process live on where nobody reads its stdout or stderr any more: a write then
// fails, where SIGPIPE would end the process. It is for programs that serve; a program whose output is
// all it is for ends by SIGPIPE, as in `enqueue list | head`.
func OutliveReaders() {
	// Notify and not Ignore: a child process does not inherit it.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}
