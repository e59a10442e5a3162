package e2e

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestInterruptedWatch: who watches may leave, and the batch goes on.
func TestInterruptedWatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := w.write(t, "left.csv", rowsOf(2))
	w.enqueue(t, "apply", file)
	for _, args := range [][]string{{"watch", "left"}, {"apply", file, "--wait"}, {"create", "--name", "one", "--subnet", "sbn-a", "--wait"}} {
		p := w.start(t, "enqueue", args...)
		w.awaitReader(t, p)
		p.signal(syscall.SIGINT)
		if code := p.wait(t, patience); code != 130 {
			t.Errorf("%v: exit code %d, want 130: %s", args, code, p.stderr)
		}
		if p.stdout.String() != "" {
			t.Errorf("%v: interrupted, and yet data on stdout: %s", args, p.stdout)
		}
	}
	w.worker(t)
	w.enqueue(t, "watch", "left", "--timeout", "30s", "--exit-status")
	w.enqueue(t, "watch", "manual", "--timeout", "30s", "--exit-status")
}

// awaitReader waits until the process has read the ledger so often that it can only be waiting.
func (w *world) awaitReader(t *testing.T, p *process) {
	t.Helper()
	rdb := w.redis.Client(t)
	if err := rdb.ConfigResetStat(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the command reads the ledger again and again", func() bool {
		info, err := rdb.Info(t.Context(), "commandstats").Result()
		if err != nil || p.ended() {
			t.Fatalf("the command does not wait: %v\n%s", err, p.stderr)
		}
		for _, match := range reads.FindAllStringSubmatch(info, -1) {
			if n, _ := strconv.Atoi(match[1]); n >= 10 {
				return true
			}
		}
		return false
	})
}

// reads are the commands with which the ledger is read, and how often Redis has had them.
var reads = regexp.MustCompile(`cmdstat_h(?:getall|mget|get):calls=(\d+)`)

// TestLockedStore: a second run over a directory that is in use is refused and told by whom; the
// first is not disturbed.
func TestLockedStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "--faults", "create:stall-before:9s")
	args := []string{"run", w.write(t, "mine.csv", rowsOf(1)), "--state-dir", filepath.Join(w.dir, "own"), "--yes"}
	env := without(w.env, "HAVIP_REDIS_URL")
	first := start(t, command{program: "enqueue", args: args, env: env, dir: w.dir})
	eventually(t, "the first run sends its request", func() bool { return w.stats(t).InFlight == 1 })
	second := start(t, command{program: "enqueue", args: args, env: env, dir: w.dir})
	if code := second.wait(t, patience); code != 4 || !strings.Contains(second.stderr.String(), fmt.Sprintf("in use by process %d", first.cmd.Process.Pid)) {
		t.Errorf("exit code %d: %s", code, second.stderr)
	}
	if code := first.wait(t, patience); code != 0 {
		t.Errorf("the first run: exit code %d", code)
	}
}

// TestInterruptedRun is the same for a run with a store of its own, which stops its worker in
// order: nothing is left in flight, and the next run need not wait for anything.
func TestInterruptedRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "--latency", "50ms")
	rows := rowsOf(200)
	file, state := w.write(t, "again.csv", rows), filepath.Join(w.dir, "own")
	args := []string{"run", file, "--state-dir", state, "--rps", "0", "--concurrency", "10", "--yes", "-o", "ndjson"}
	env := without(w.env, "HAVIP_REDIS_URL")
	for i, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		p := start(t, command{program: "enqueue", args: args, env: env, dir: w.dir})
		w.awaitCreated(t, "again", (i+1)*50)
		p.signal(sig)
		if code := p.wait(t, patience); code != 130 || !strings.Contains(p.stderr.String(), "of 200 items done; run the same command again to go on") {
			t.Errorf("%v: exit code %d: %s", sig, code, p.stderr)
		}
		if n := w.stats(t).InFlight; n != 0 || p.stdout.String() != "" {
			t.Errorf("%v: %d requests left in flight; on stdout %q", sig, n, p.stdout)
		}
		if left := serversOver(t, state); len(left) > 0 {
			t.Errorf("%v: redis-server lives on as %v", sig, left)
		}
	}
	last := start(t, command{program: "enqueue", args: args, env: env, dir: w.dir})
	if code := last.wait(t, patience); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	requireTruth(t, rows, parseResults(t, last.stdout.String()), w.truth(t))
	w.requireHonestTokens(t, rows)
	if n := len(w.creates(t)); n != len(rows) {
		t.Errorf("%d requests for %d items", n, len(rows))
	}
}
