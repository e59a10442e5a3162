//go:build unix

package standalone

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/internal/standalone/redisserver"
)

// patience is a safety timeout, far longer than any wait takes.
const patience = 5 * time.Minute

func open(t *testing.T, dir string) *Store {
	t.Helper()
	store, err := Child(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return store
}

// serverPID asks the server itself, so that it is the one that answers.
func serverPID(ctx context.Context, store *Store) (int, error) {
	info, err := store.Client().Info(ctx, "server").Result()
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(info, "process_id:")
	digits, _, _ := strings.Cut(after, "\r\n")
	return strconv.Atoi(digits)
}

func mustPID(t *testing.T, store *Store) int {
	t.Helper()
	pid, err := serverPID(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func set(t *testing.T, store *Store, key string) {
	t.Helper()
	if err := store.Client().Set(t.Context(), key, "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
}

func assertHas(t *testing.T, store *Store, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if err := store.Client().Get(t.Context(), key).Err(); err != nil {
			t.Errorf("key %q after the restart: %v", key, err)
		}
	}
}

// awaitDone waits for the end of a store.
func awaitDone(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case <-done:
	case <-ctx.Done():
		t.Fatalf("%s: still waiting after %s", what, patience)
	}
}

// poll waits for a condition.
func poll(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("%s: not after %s", what, patience)
		}
	}
}

func TestChild_configuration(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state \"of\" the run")
	store := open(t, dir)
	want := map[string]string{
		"appendonly": "yes", "appendfsync": "always", "save": "", "maxmemory-policy": "noeviction",
		"port": "0", "unixsocketperm": "700",
	}
	for name, value := range want {
		got, err := store.Client().ConfigGet(t.Context(), name).Result()
		if err != nil || got[name] != value {
			t.Errorf("%s = %q, %v; want %q", name, got[name], err, value)
		}
	}
	if !store.Durable() {
		t.Error("Durable() = false")
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("state directory: %v, %v; want mode 0700", info.Mode(), err)
	}
	socket := store.Client().(*redis.Client).Options().Addr
	if info, err = os.Stat(filepath.Dir(socket)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("socket's directory: %v, %v; want mode 0700", info.Mode(), err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(socket)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("socket's directory after Close: %v; want it gone", err)
	}
}

func TestChild_resumesAfterClose(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, dir)
	set(t, first, "a")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	awaitDone(t, "Done after Close", first.Done())
	if err := first.Err(); err != nil {
		t.Errorf("Err() after Close = %v; want nil", err)
	}
	assertHas(t, open(t, dir), "a")
}

func TestChild_killed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, dir)
	set(t, first, "a")
	if err := first.Err(); err != nil {
		t.Errorf("Err() while it runs = %v; want nil", err)
	}
	if err := syscall.Kill(mustPID(t, first), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitDone(t, "Done after a kill", first.Done())
	var exit *redisserver.ExitError
	if err := first.Err(); !errors.As(err, &exit) || exit.Cause != "signal: killed" || !strings.Contains(exit.Log, "ready to accept") {
		t.Errorf("Err() = %v; want an ExitError with the log", err)
	}
	if err := first.Close(); err != nil {
		t.Errorf("Close of a dead store: %v", err)
	}
	if first.Err() == nil {
		t.Error("Err() = nil after Close of a store that died by itself")
	}
	assertHas(t, open(t, dir), "a")
}

func TestChild_secondIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, dir)
	_, err := Child(t.Context(), dir)
	var locked *LockedError
	if !errors.As(err, &locked) {
		t.Fatalf("second store over one directory: %v; want a LockedError", err)
	}
	if pid := mustPID(t, first); locked.Program != os.Getpid() || locked.Server != pid {
		t.Errorf("holder = %+v; want program %d, server %d", locked, os.Getpid(), pid)
	}
	if want := fmt.Sprintf("process %d", os.Getpid()); !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
		t.Errorf("error %q names neither %q nor the directory", err, want)
	}
	set(t, first, "still works")
}

// A server that has outlived its program keeps the directory locked. The test releases the program's lock as its
// death would.
func TestChild_orphanHoldsTheLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lock, err := acquire(t.Context(), filepath.Join(dir, lockName), lockPatience)
	if err != nil {
		t.Fatal(err)
	}
	store, err := startChild(t.Context(), dir, lock, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }() // its lock is closed already, which Close reports
	if err := lock.file.Close(); err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	ctx, cancel := context.WithTimeout(t.Context(), 2*lockInterval)
	defer cancel()
	if _, err := Child(ctx, dir); !errors.As(err, &locked) {
		t.Errorf("store beside an orphaned server: %v; want a LockedError", err)
	}
}

func TestChild_notInstalled(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Child(t.Context(), t.TempDir())
	if !errors.Is(err, redisserver.ErrNotInstalled) || !strings.Contains(err.Error(), "apt-get install redis-server") {
		t.Errorf("err = %v; want how to install it", err)
	}
}

// The state directory's path may be long, because the socket is elsewhere.
func TestChild_longPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 120), strings.Repeat("e", 120))
	set(t, open(t, dir), "a")
}

// A failed start leaves neither a lock nor a socket.
func TestChild_failedStartReleases(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	set(t, store, "a")
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	manifests, err := filepath.Glob(filepath.Join(dir, "appendonlydir", "*.manifest"))
	if err != nil || len(manifests) != 1 {
		t.Fatalf("manifests %v, %v", manifests, err)
	}
	good, err := os.ReadFile(manifests[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(manifests[0], []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var exit *redisserver.ExitError
	if _, err := Child(t.Context(), dir); !errors.As(err, &exit) || !strings.Contains(err.Error(), "manifest") {
		t.Fatalf("store over a broken file: %v; want the server's own words", err)
	}
	if err := os.WriteFile(manifests[0], good, 0o600); err != nil {
		t.Fatal(err)
	}
	assertHas(t, open(t, dir), "a")
}

func TestStore_closeTwice(t *testing.T) {
	t.Parallel()
	store := open(t, t.TempDir())
	if err := errors.Join(store.Close(), store.Close()); err != nil {
		t.Error(err)
	}
}

func TestSocket_urlSurvivesOddNames(t *testing.T) {
	t.Parallel()
	path := "/tmp/a b?c#d%e/redis.sock"
	got, err := url.Parse((&url.URL{Scheme: "unix", Path: path}).String())
	if err != nil || got.Path != path {
		t.Errorf("%q, %v; want %q", got.Path, err, path)
	}
}

func TestSocket_removesOnlyItsOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	precious := filepath.Join(dir, "precious")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{precious, filepath.Join(dir, socketName), ""} {
		if err := socket(path).remove(); err != nil {
			t.Errorf("remove %q: %v", path, err)
		}
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

// A user who may write to the directory, or who created a link, could replace the ledger.
func TestChild_directoryOfOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	fifo := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(fifo, lockName), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{link: "is a symbolic link", fifo: "is not a regular file"} {
		if _, err := Child(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", filepath.Base(path), err, want)
		}
	}
}
