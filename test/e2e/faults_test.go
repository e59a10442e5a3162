package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// manyFaults hits about every fourth create, with every kind of fault that leaves its caller
// without an answer or with a false one. Stalls come on top of the others.
const manyFaults = "create:commit-500=0.03,create:commit-503=0.02,create:commit-reset=0.04,create:commit-truncated=0.03," +
	"create:commit-empty=0.02,create:commit-braces=0.01,create:commit-html-502=0.02,create:error-500=0.02,create:error-503=0.02," +
	"create:html-502=0.02,create:429=0.03:1s,create:refuse=0.02,create:stall-before=0.02:300ms,create:stall-after=0.02:300ms," +
	// Two calls outlast their caller's patience: one is carried out after that, one before.
	"create:stall-before=#50:17s,create:stall-after=#90:17s," +
	"get:error-500=0.05"

// recovery bounds how long a killed worker's tasks stay away: asynq gives them back 60 to 125
// seconds after.
const recovery = 160 * time.Second

// TestFaultsAndDeaths runs two workers against a BCE that fails every fourth time, kills one
// and stops the other.
func TestFaultsAndDeaths(t *testing.T) {
	t.Parallel()
	const batch = "faulty"
	w := newWorld(t, "--faults", "seed=11,"+manyFaults)
	rows := rowsOf(600)
	file := w.write(t, batch+".csv", rows)
	rdb := w.redis.Client(t)
	w.enqueue(t, "apply", file)

	killed, stopped := w.worker(t, "--concurrency", "10"), w.worker(t, "--concurrency", "10")
	w.awaitCreated(t, batch, 100)
	killed.kill()
	w.worker(t, "--concurrency", "10")
	w.awaitCreated(t, batch, 250)
	stopped.signal(syscall.SIGTERM)
	if code := stopped.wait(t, 35*time.Second); code != 0 {
		t.Errorf("a worker that was told to stop: exit code %d", code)
	}
	for line := range strings.Lines(stopped.stderr.String()) {
		if strings.Contains(line, `"level":"error"`) || strings.Contains(line, "panic") {
			t.Errorf("a worker that was told to stop logs: %s", line)
		}
	}
	w.awaitCreated(t, batch, 400)
	w.faults(t, "") // what is left is to come to an end, and soon
	watch := w.enqueue(t, "watch", batch, "--timeout", recovery.String())
	t.Logf("%s", watch.stdout)

	results := w.requireExactlyOnce(t, batch, rows)
	s := w.stats(t)
	t.Logf("simulator: %+v", s)
	if s.AnswerLost < len(rows)/20 || s.Replays == 0 {
		t.Errorf("only %d answers were lost and %d given again: the faults were no test", s.AnswerLost, s.Replays)
	}
	requireLog(t, w.results(t, batch, "--attempts"), results)
	if n, err := rdb.ZCard(t.Context(), "asynq:{havip.default.bj}:archived").Result(); err != nil || n != 0 {
		t.Errorf("%d tasks were archived: %v", n, err)
	}
}

// requireLog holds each item's log of requests against its count of attempts.
func requireLog(t *testing.T, logged, results []result) {
	t.Helper()
	for i, r := range logged {
		counted := 0
		for n, entry := range r.Log {
			if entry.Number != n+1 {
				t.Errorf("item %s: entry %d of its log has number %d", r.Key, n+1, entry.Number)
			}
			if entry.Class != "throttled" && entry.Class != "lane-fault" {
				counted++
			}
		}
		if counted != r.Attempts || r.Attempts != results[i].Attempts {
			t.Errorf("item %s: %d attempts, %d in its log: %+v", r.Key, r.Attempts, counted, r.Log)
		}
		if last := r.Log[len(r.Log)-1]; last.Class != "created" {
			t.Errorf("item %s is created, but its last request was %s", r.Key, last.Class)
		}
	}
}

// awaitCreated waits until the simulator has so many HaVIPs.
func (w *world) awaitCreated(t *testing.T, batch string, n int) {
	t.Helper()
	eventually(t, batch+" makes progress", func() bool { return w.stats(t).Live >= n })
}
