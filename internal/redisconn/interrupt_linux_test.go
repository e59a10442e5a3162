package redisconn

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// read asks for a key in the background.
func read(ctx context.Context, client redis.Cmdable) <-chan error {
	answered := make(chan error, 1)
	go func() { answered <- client.Get(ctx, "key").Err() }()
	return answered
}

// A command that a hung server does not answer ends with the interrupt, and so does one that is sent afterwards; without that
// they would wait for the read timeout, here of minutes.
func TestUntilEndsCommands(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	o := parsePatient(t, server.URL())
	ctx, interrupt := context.WithCancel(t.Context())
	Until(ctx)(&o)
	client := New(o)
	defer func() { _ = client.Close() }()
	if err := client.Ping(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	answered := read(ctx, client)
	interrupt()
	if err := await(t, "the command", answered); err == nil {
		t.Error("answered by a server that hangs")
	}
	if err := await(t, "a later command", read(context.WithoutCancel(ctx), client)); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("a later command: %v", err)
	}
	server.Resume()
	if err := await(t, "a command that is answered", read(context.WithoutCancel(ctx), client)); !errors.Is(err, redis.Nil) {
		t.Errorf("a server that answers again: %v", err)
	}
}

// A program that has started is not interrupted: its commands wait for their answers.
func TestUntilStarted(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	o := parsePatient(t, server.URL())
	ctx, interrupt := context.WithCancel(t.Context())
	option, started := UntilStarted(ctx)
	option(&o)
	told := reasons(&o)
	client := New(o)
	defer func() { _ = client.Close() }()
	if err := client.Ping(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	started()
	interrupt()
	server.Stop()
	answered := read(context.WithoutCancel(ctx), client)
	assertReported(t, told, "no answer in time") // longer than an interrupted command may take
	server.Resume()
	if err := await(t, "the command", answered); !errors.Is(err, redis.Nil) {
		t.Error(err)
	}
}

// The files of a URL are read until the context ends; errors of this Redis are explained without them.
func TestParseOfAFileThatWaits(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "ca.pem")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	url := "rediss://127.0.0.1:1/0?tls_ca=" + fifo
	ctx, cancel := context.WithCancel(t.Context())
	parsed := make(chan error, 1)
	go func() {
		_, err := Parse(ctx, url)
		parsed <- err
	}()
	var w *os.File
	redistest.Poll(t, "the file is opened", func(context.Context) (err error) {
		w, err = os.OpenFile(fifo, os.O_WRONLY|syscall.O_NONBLOCK, 0) // fails while there is no reader
		return err
	})
	cancel()
	if err := await(t, "the end", parsed); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := w.Close(); err != nil { // which ends the read that was given up
		t.Error(err)
	}
	if place, err := ParsePlace(url); err != nil || place.String() != "127.0.0.1:1" {
		t.Errorf("%v, %v", place, err)
	}
}
