package standalone

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// onDyingThread calls f on a thread that ends right after it, and returns the thread's ID.
// It is never the main thread, which Go never ends.
func onDyingThread(f func()) (tid int) {
	done := make(chan int)
	go func() {
		runtime.LockOSThread()
		if tid := unix.Gettid(); tid != os.Getpid() {
			f()
			done <- tid
			return // still locked: the thread ends with the goroutine
		}
		defer runtime.UnlockOSThread()
		done <- onDyingThread(f)
	}()
	return <-done
}

// awaitThreadEnd waits until the kernel no longer knows the thread.
func awaitThreadEnd(t *testing.T, tid int) {
	t.Helper()
	poll(t, fmt.Sprintf("thread %d ends", tid), func() bool {
		_, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", tid))
		return errors.Is(err, os.ErrNotExist)
	})
}

// After kill -9 of the program, its server has ended, the directory is unlocked, and the data exists.
func TestChild_parentKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), helperFlag+"=1")
	parent.Dir = dir
	parent.Stderr = os.Stderr
	stdin, err := parent.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscanf(line, "ready %d", &pid); err != nil {
		t.Fatalf("the program said %q: %v", line, err)
	}
	leftover := readLeftover(t, dir)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed
	poll(t, fmt.Sprintf("server %d ends with its program", pid), func() bool { return !alive(pid) })

	store := open(t, dir)
	assertHas(t, store, "written-by")
	if now := mustPID(t, store); now == pid {
		t.Errorf("the old server %d answers", pid)
	}
	if _, err := os.Stat(filepath.Dir(leftover)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the dead run's socket directory %s is still there: %v", filepath.Dir(leftover), err)
	}
}

func readLeftover(t *testing.T, dir string) string {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, lockName))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	return readOwner(file).socket
}

// alive reports whether a process runs; a zombie does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

// The kernel kills a child when the thread that forked it ends. Here the thread that opened the store ends at once,
// and the server must continue.
func TestChild_survivesTheThreadThatStartedIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var store *Store
	var err error
	ctx := t.Context()
	tid := onDyingThread(func() { store, err = Child(ctx, dir) })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	awaitThreadEnd(t, tid)
	if err := store.Client().Ping(t.Context()).Err(); err != nil {
		t.Errorf("after the end of the starting thread: %v", err)
	}
}
