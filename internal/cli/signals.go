package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// OnSignal returns a context that SIGINT or SIGTERM cancels. A second signal ends the process
// at once, with the exit code of an interrupted program: whoever insists is obeyed. Everything
// that matters is in Redis by then. Release must be called when the program has ended by itself.
func OnSignal(parent context.Context) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case <-signals:
			cancel()
		case <-done:
			return
		}
		select {
		case <-signals:
			os.Exit(int(ExitInterrupted))
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}
