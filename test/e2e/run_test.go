package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKilledRun kills a run that has brought its own store along, twice; the third goes on
// and ends.
func TestKilledRun(t *testing.T) {
	t.Parallel()
	const batch = "alone"
	w := newWorld(t, "--latency", "20ms")
	rows := rowsOf(300)
	file, state := w.write(t, batch+".csv", rows), filepath.Join(w.dir, "own")
	args := []string{"run", file, "--state-dir", state, "--rps", "0", "--yes", "-o", "ndjson"}
	env := without(w.env, "HAVIP_REDIS_URL")
	t.Cleanup(func() { killServersOver(t, state) })
	for _, n := range []int{60, 160} {
		p := start(t, command{program: "enqueue", args: args, env: env, dir: w.dir})
		w.awaitCreated(t, batch, n)
		if p.ended() {
			t.Fatalf("run ended before it was killed, with exit code %d", p.exitCode())
		}
		p.kill()
		eventually(t, "its redis-server dies with it", func() bool { return len(serversOver(t, state)) == 0 })
	}
	last := start(t, command{program: "enqueue", args: args, env: env, dir: w.dir})
	eventually(t, "the store is open again", func() bool { return len(serversOver(t, state)) == 1 || last.ended() })
	if code := last.wait(t, recovery+time.Minute); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	requireTruth(t, rows, parseResults(t, last.stdout.String()), w.truth(t))
	w.requireHonestTokens(t, rows)
	if left := serversOver(t, state); len(left) > 0 {
		t.Errorf("redis-server lives on as %v", left)
	}
	again := start(t, command{program: "enqueue", args: args, env: env, dir: w.dir})
	if code := again.wait(t, patience); code != 0 || !strings.Contains(again.stderr.String(), "nothing to do") {
		t.Errorf("the same run once more: exit code %d, says %s", code, again.stderr)
	}
	if n := len(w.truth(t)); n != len(rows) {
		t.Errorf("the same run once more: %d HaVIPs for %d rows", n, len(rows))
	}
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
