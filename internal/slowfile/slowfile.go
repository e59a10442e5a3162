// Package slowfile opens and reads files that may make a program wait: a FIFO waits for its writer, and a file on an
// unreachable server for that server. Neither can be interrupted, so a goroutine waits, and is abandoned when the context
// ends. Otherwise Ctrl-C could not stop the program.
package slowfile

import (
	"context"
	"os"
)

// Open opens a file for reading unless ctx ends first.
func Open(ctx context.Context, path string) (*os.File, error) {
	return Do(ctx, func() (*os.File, error) {
		file, err := os.Open(path)
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

// Do makes a call unless ctx ends first; the error is then ctx's cause. The abandoned call ends by itself or with the
// process, and its results are dropped.
func Do[T any](ctx context.Context, call func() (T, error)) (T, error) {
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
