package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestKilledRun kills a run that has brought its own store along, twice, with requests under way; the third
// goes on and ends.
func TestKilledRun(t *testing.T) {
	t.Parallel()
	const batch, atOnce = "alone", 6
	w := newStack(t)
	rows := rowsOf(120)
	file, state := w.write(t, batch+".csv", rows), filepath.Join(w.dir, "own")
	args := []string{"run", file, "--state-dir", state, "--rps", "0", "--concurrency", "6", "--yes", "-o", "ndjson"}
	w.env = append(without(w.env, "HAVIP_REDIS_URL"), rescuable)
	t.Cleanup(func() { killServersOver(t, state) })
	for waiting := atOnce; waiting <= 2*atOnce; waiting += atOnce {
		w.faults(t, fault("create:gate-after", 20, 19+atOnce))
		p := w.start(t, "enqueue", args...)
		w.awaitGate(t, waiting)
		p.kill()
		eventually(t, "its redis-server dies with it", func() bool { return len(serversOver(t, state)) == 0 })
	}
	w.endFaults(t)
	last := w.enqueue(t, args...)
	requireTruth(t, rows, parseResults(t, last.stdout.String()), w.truth(t))
	w.requireHonestTokens(t, rows)
	if left := serversOver(t, state); len(left) > 0 {
		t.Errorf("redis-server lives on as %v", left)
	}
	again := w.enqueue(t, args...)
	requireTruth(t, rows, parseResults(t, again.stdout.String()), w.truth(t))
	if left, _ := filepath.Glob(filepath.Join(w.dir, "havip-*")); len(left) > 0 {
		t.Errorf("left in the directory for temporary files: %v", left)
	}
}

// killServersOver ends what should have ended by itself, so that a failed test leaves nothing.
func killServersOver(t *testing.T, dir string) {
	t.Helper()
	for _, pid := range serversOver(t, dir) {
		if n, err := strconv.Atoi(pid); err == nil {
			_ = syscall.Kill(n, syscall.SIGKILL)
		}
	}
}

// serversOver are the process IDs of redis-servers that run in the directory.
func serversOver(t *testing.T, dir string) []string {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil || len(links) == 0 {
		t.Fatalf("no processes to look through: %v", err)
	}
	var pids []string
	for _, link := range links {
		cwd, err := os.Readlink(link)
		if err != nil || cwd != dir {
			continue // gone, or somebody else's
		}
		pid := filepath.Base(filepath.Dir(link))
		name, err := os.ReadFile(filepath.Join("/proc", pid, "comm"))
		if err == nil && strings.HasPrefix(string(name), "redis-server") {
			pids = append(pids, pid)
		}
	}
	return pids
}
