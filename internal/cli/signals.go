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

// OnSignal returns a context that SIGINT or SIGTERM cancels. A second signal ends the process
// at once, with the exit code of an interrupted program: whoever insists is obeyed. Everything
// that matters is in Redis by then. Release must be called when the program has ended by itself.
func OnSignal(parent context.Context) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		var first time.Time
		for {
			select {
			case <-signals:
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
		close(done)
		cancel()
	}
}
