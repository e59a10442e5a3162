//go:build unix

package redisserver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is a safety timeout, far longer than any wait takes.
const patience = 5 * time.Minute

// lines is the configuration of a server that can only be reached through its directory.
func lines(extra ...string) []string {
	return append([]string{"port 0", "unixsocket s", `save ""`}, extra...)
}

func TestStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, err := Start(t.Context(), Config{Dir: dir, Lines: lines()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	if _, err := os.Stat(filepath.Join(dir, "s")); err != nil {
		t.Errorf("ready, but: %v", err)
	}
	if p.PID() <= 0 || p.Err() != nil {
		t.Errorf("PID %d, Err %v", p.PID(), p.Err())
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p.Stop(ctx)
	<-p.Done()
	var exit *ExitError
	if !errors.As(p.Err(), &exit) || exit.Cause != "exit status 0" {
		t.Errorf("Err() after Stop = %v; want exit status 0", p.Err())
	}
}

// A child process may keep a server's output open, or it may be read late; this does not affect the exit status.
func TestStart_outputOutlivesTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	brief := filepath.Join(dir, "brief")
	if err := os.WriteFile(brief, []byte("#!/bin/sh\necho begun\ncat pipe &\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Config{Binary: brief, Dir: dir})
	if err := os.WriteFile(pipe, nil, 0o600); err != nil { // ends the child
		t.Error(err)
	}
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Cause != "exit status 0" || exit.Log != "begun" {
		t.Errorf("error %v; want exit status 0 and the log", err)
	}
}

func TestStart_fails(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Config{Dir: t.TempDir(), Lines: lines("nonsense yes")})
	var exit *ExitError
	if !errors.As(err, &exit) || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("error %v; want the server's own words", err)
	}
	_, err = Start(t.Context(), Config{Binary: "no-such-redis-server", Dir: t.TempDir()})
	if !errors.Is(err, ErrNotInstalled) {
		t.Errorf("error %v; want ErrNotInstalled", err)
	}
	if _, err = Start(t.Context(), Config{Dir: filepath.Join(t.TempDir(), "missing")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v; want a missing directory", err)
	}
}

// A server that never becomes ready is killed when the context of its start ends.
func TestStart_interrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	silent := filepath.Join(dir, "silent")
	if err := os.WriteFile(silent, []byte("#!/bin/sh\necho begun\necho >pipe\nexec cat /dev/zero >/dev/null\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = os.ReadFile(pipe) // returns when the server has written something
		cancel()
	}()
	_, err := Start(ctx, Config{Binary: silent, Dir: dir})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "begun") {
		t.Errorf("error %v; want the interruption and the log", err)
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":            `""`,
		"/a b":        `"/a b"`,
		`"\`:          `"\"\\"`,
		"a\nport 1\n": `"a\x0aport 1\x0a"`,
		"é":           `"\xc3\xa9"`,
	} {
		if got := Quote(text); got != want {
			t.Errorf("Quote(%q) = %s, want %s", text, got, want)
		}
	}
}

// The server reads a quoted value back unchanged.
func TestQuote_isUnderstood(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := "odd \"name\"\\ \n é.sock"
	p, err := Start(t.Context(), Config{Dir: dir, Lines: []string{"port 0", "unixsocket " + Quote(name)}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
		t.Error(err)
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	l := newLog()
	for _, chunk := range []string{"one\n\ntw", "o\r\n", strings.Repeat("x", 3*maxLine), "\nReady to acc"} {
		if n, err := l.Write([]byte(chunk)); n != len(chunk) || err != nil {
			t.Errorf("Write = %d, %v", n, err)
		}
	}
	if got, want := l.tail(), "one\ntwo\n"+strings.Repeat("x", maxLine); got != want {
		t.Errorf("tail = %q", got)
	}
	select {
	case <-l.ready:
		t.Error("ready before the line's end")
	default:
	}
	for range 2 * tailLines {
		_, _ = l.Write([]byte("ept connections\nReady to acc"))
	}
	<-l.ready
	if n := strings.Count(l.tail(), "\n") + 1; n != tailLines {
		t.Errorf("%d lines kept, want %d", n, tailLines)
	}
}
