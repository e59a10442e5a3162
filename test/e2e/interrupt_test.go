package e2e

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

// TestInterruptedWatch: who watches may leave, and the batch goes on.
func TestInterruptedWatch(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	file := w.write(t, "left.csv", rowsOf(2))
	rdb := w.redis.Client(t)
	w.enqueue(t, "apply", "--yes", file)
	withoutWait := mostReads(t, rdb)
	var toRun [][]string
	for _, args := range [][]string{{"watch", "left"}, {"apply", "--yes", file, "--wait"}, {"create", "--name", "one", "--subnet", "sbn-a", "--wait"}} {
		p := w.start(t, "enqueue", args...)
		w.awaitReader(t, p, 2*withoutWait)
		p.signal(syscall.SIGINT)
		if code := p.wait(t); code != 130 {
			t.Errorf("%v: exit code %d, want 130: %s", args, code, p.stderr)
		}
		if p.stdout.String() != "" {
			t.Errorf("%v: interrupted, and yet data on stdout: %s", args, p.stdout)
		}
		if resume := proposed.FindStringSubmatch(p.stderr.String()); resume == nil {
			t.Errorf("%v: no command resumes it: %s", args, p.stderr)
		} else {
			toRun = append(toRun, strings.Fields(resume[1]))
		}
	}
	w.worker(t)
	for _, args := range toRun {
		w.enqueue(t, append(args, "--exit-status")...)
	}
}

// proposed is a command in a message.
var proposed = regexp.MustCompile("`enqueue ([^`]+)`")

// awaitReader waits until the process has read the ledger so much more often than `before`, which it needs at most before it
// waits, that it can only be waiting.
func (w *stack) awaitReader(t *testing.T, p *process, before int) {
	t.Helper()
	rdb := w.redis.Client(t)
	if err := rdb.ConfigResetStat(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the command reads the ledger again and again", func() bool {
		if p.ended() {
			t.Fatalf("the command does not wait\n%s", p.stderr)
		}
		return mostReads(t, rdb) >= before+10
	})
}

// mostReads is how often Redis has had the most frequent command with which the ledger is read.
func mostReads(t *testing.T, rdb redis.UniversalClient) (most int) {
	t.Helper()
	info, err := rdb.Info(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range reads.FindAllStringSubmatch(info, -1) {
		n, _ := strconv.Atoi(match[1])
		most = max(most, n)
	}
	return most
}

// reads are the commands with which the ledger is read, and how often Redis has had them.
var reads = regexp.MustCompile(`cmdstat_h(?:getall|mget|get):calls=(\d+)`)

// TestLockedStore: a second run over a directory that is in use is refused and told by whom; the
// first is not disturbed.
func TestLockedStore(t *testing.T) {
	t.Parallel()
	w := newStack(t, "--faults", "create:gate-before")
	w.env = append(without(w.env, "HAVIP_REDIS_URL"), longRequests)
	args := []string{"run", w.write(t, "mine.csv", rowsOf(1)), "--state-dir", filepath.Join(w.dir, "own"), "--yes"}
	first := w.start(t, "enqueue", args...)
	w.awaitGate(t, 1)
	second := w.start(t, "enqueue", args...)
	if code := second.wait(t); code != 5 {
		t.Errorf("exit code %d: %s", code, second.stderr)
	}
	holder := fmt.Sprintf("process %d", first.cmd.Process.Pid)
	said := strings.NewReplacer(holder, "process PID", w.dir, "$WORK").Replace(second.stderr.String())
	golden(t, "TestLockedStore", ofServer.ReplaceAllString(said, "redis-server PID"))
	w.openGate(t)
	if code := first.wait(t); code != 0 {
		t.Errorf("the first run: exit code %d", code)
	}
}

var ofServer = regexp.MustCompile(`redis-server \d+`)

// TestInterruptedRun is the same for a run with a store of its own, which stops its worker in
// order: nothing is left in flight, and the next run need not wait for anything.
func TestInterruptedRun(t *testing.T) {
	t.Parallel()
	const concurrency = 10
	w := newStack(t, "--faults", "create:gate-before")
	rows := rowsOf(120)
	file, state := w.write(t, "again.csv", rows), filepath.Join(w.dir, "own")
	args := []string{"run", file, "--state-dir", state, "--rps", "0", "--concurrency", "10", "--yes", "-o", "ndjson"}
	w.env = append(without(w.env, "HAVIP_REDIS_URL"), longRequests)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		p := w.start(t, "enqueue", args...)
		w.fillGate(t, 1, concurrency)
		p.signal(sig)
		p.awaitText(t, sayRunStops)
		w.openGateUntilEnd(t, p)
		if code := p.exitCode(); code != 130 {
			t.Errorf("%v: exit code %d: %s", sig, code, p.stderr)
		}
		if left := slices.IndexFunc(w.creates(t), func(c call) bool { return c.ClientGone || c.Status == 0 }); left >= 0 || p.stdout.String() != "" {
			t.Errorf("%v: request %d is left in flight; on stdout %q", sig, left, p.stdout)
		}
		if left := serversOver(t, state); len(left) > 0 {
			t.Errorf("%v: redis-server lives on as %v", sig, left)
		}
		said := p.stderr.String()
		golden(t, "TestInterruptedRun", doneOfAll.ReplaceAllString(said[strings.Index(said, sayRunStops):], "N of 120"))
	}
	w.endFaults(t)
	last := w.enqueue(t, args...)
	requireTruth(t, rows, parseResults(t, last.stdout.String()), w.truth(t))
	w.requireHonestTokens(t, rows)
	if n := len(w.creates(t)); n != len(rows) {
		t.Errorf("%d requests for %d items", n, len(rows))
	}
}

var doneOfAll = regexp.MustCompile(`\d+ of 120`)

// openGateUntilEnd lets what waits at the gate go on, again and again, until the program has ended: until it
// stops, one request more may follow on each.
func (w *stack) openGateUntilEnd(t *testing.T, p *process) {
	t.Helper()
	eventually(t, "the program ends", func() bool {
		w.openGate(t)
		return p.ended()
	})
}
