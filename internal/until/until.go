// Package until gives calls up that nothing can interrupt when a context ends: opening or reading a file may wait for the
// writer of a FIFO or for an unreachable server, and some clients wait for an answer longer than their context allows.
// Otherwise neither Ctrl-C nor a timeout could end the program.
package until

import (
	"context"
	"os"
)

// Open opens a file for reading unless ctx ends first.
func Open(ctx context.Context, path string) (*os.File, error) { return OpenWith(ctx, path, os.Open) }

// OpenWith opens a file with a function like [os.Open] unless ctx ends first. A file that is opened later is closed.
func OpenWith(ctx context.Context, path string, open func(string) (*os.File, error)) (*os.File, error) {
	return Do(ctx, func() (*os.File, error) {
		file, err := open(path)
		if err == nil && ctx.Err() != nil {
			_ = file.Close() // no longer needed
		}
		return file, err
	})
}

// ReadFile returns a small file's content unless ctx ends first.
func ReadFile(ctx context.Context, path string) ([]byte, error) {
	return Do(ctx, func() ([]byte, error) { return os.ReadFile(path) })
}

// Do makes a call unless ctx has ended, or ends first; the error is then ctx's cause. A call that is given up goes on: it ends
// by itself or with the process, may still have its effect, like one whose reply is lost, and its result is dropped.
func Do[T any](ctx context.Context, call func() (T, error)) (T, error) {
	if ctx.Err() != nil {
		var none T
		return none, context.Cause(ctx)
	}
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		value, err := call()
		done <- answer{value, err}
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
