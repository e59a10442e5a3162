//go:build unix

package bce

import (
	"context"
	"errors"
	"path/filepath"
	"syscall"
	"testing"
)

// A profile that waits for its writer ends with the context, whatever is read of it.
func TestAProfileThatWaitsEndsWithTheContext(t *testing.T) {
	t.Parallel()
	f := ProfileFile{Path: filepath.Join(t.TempDir(), "config.json")}
	if err := syscall.Mkfifo(f.Path, 0o600); err != nil {
		t.Fatal(err)
	}
	stopped := errors.New("stopped")
	for name, read := range map[string]func(context.Context) error{
		"credentials": func(ctx context.Context) error {
			_, err := f.Retrieve(ctx)
			return err
		},
		"place": func(ctx context.Context) error {
			_, err := f.Place(ctx)
			return err
		},
	} {
		ctx, stop := context.WithCancelCause(t.Context())
		ended := make(chan error)
		go func() { ended <- read(ctx) }()
		stop(stopped)
		if err := <-ended; !errors.Is(err, stopped) && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
