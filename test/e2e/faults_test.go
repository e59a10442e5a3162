package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// manyFaults hits about every fourth create, with every kind of fault that leaves its caller
// without an answer or with a false one. Stalls come on top of the others.
const manyFaults = "seed=11,create:commit-500=0.03,create:commit-503=0.02,create:commit-reset=0.04,create:commit-truncated=0.03," +
	"create:commit-empty=0.02,create:commit-braces=0.01,create:commit-html-502=0.02,create:error-500=0.02,create:error-503=0.02," +
	"create:html-502=0.02,create:429=0.03:1s,create:refuse=0.02,create:stall-before=0.02:300ms,create:stall-after=0.02:300ms," +
	"get:error-500=0.05"

// TestFaultsAndDeaths runs two workers against a BCE that fails every fourth time, kills one
// and stops the other.
func TestFaultsAndDeaths(t *testing.T) {
	t.Parallel()
	withFaultsAndDeaths(t, 300, 3)
}

// TestSlowFaultsAndDeaths is the same with requests of the usual patience.
func TestSlowFaultsAndDeaths(t *testing.T) {
	t.Parallel()
	withFaultsAndDeaths(t, 600, 15)
}

func withFaultsAndDeaths(t *testing.T, items, timeout int) {
	t.Helper()
	// Twice, so many are held in flight, although some of the faults spare a call the gate. That is more than
	// one worker takes at once.
	const batch, held = "faulty", 11
	gate := func(n int) string { return "," + fault("create:gate-before", n, n+19) }
	w := newStack(t, "--faults", manyFaults+gate(items/6))
	w.env = append(w.env, fmt.Sprintf("HAVIP_REQUEST_TIMEOUT=%ds", timeout))
	rows := rowsOf(items)
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows))
	killed, stopped := w.worker(t, "--concurrency", "10"), w.worker(t, "--concurrency", "10")
	w.awaitGate(t, held)
	killed.kill()
	// Two calls outlast their caller's patience: one is carried out after that, one before.
	stalls := fmt.Sprintf(",create:stall-before=#20:%[1]ds,create:stall-after=#40:%[1]ds", timeout+2)
	w.faults(t, manyFaults+stalls+gate(items/4))
	w.openGate(t)
	w.worker(t, "--concurrency", "10")
	w.awaitGate(t, held)
	stopped.signal(syscall.SIGTERM)
	stopped.awaitText(t, sayStopping)
	w.faults(t, manyFaults)
	w.openGate(t)
	if code := stopped.wait(t); code != 0 {
		t.Errorf("a worker that was told to stop: exit code %d", code)
	}
	requireCalmLog(t, stopped)
	w.awaitCreated(t, batch, items*2/3)
	w.faults(t, "") // what is left is to come to an end, and soon
	watch := w.enqueue(t, "watch", batch)
	t.Logf("%s", watch.stdout)

	results := w.requireExactlyOnce(t, batch, rows)
	s := w.stats(t)
	t.Logf("simulator: %+v", s)
	if s.AnswerLost < len(rows)/20 || s.Replays == 0 {
		t.Errorf("only %d answers were lost and %d given again: the faults were no test", s.AnswerLost, s.Replays)
	}
	requireLog(t, w.results(t, batch, "--attempts"), results)
	if n, err := w.redis.Client(t).ZCard(t.Context(), "asynq:{havip.default.bj}:archived").Result(); err != nil || n != 0 {
		t.Errorf("%d tasks were archived: %v", n, err)
	}
}

// requireCalmLog fails for a line of the log that is no JSON, as those of a panic, and for errors.
func requireCalmLog(t *testing.T, p *process) {
	t.Helper()
	for line := range strings.Lines(p.stderr.String()) {
		var entry struct{ Level string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Level == "error" {
			t.Errorf("%s logs: %s", p.name, line)
		}
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

// fillGate waits until each of the workers has as many requests at the simulator's gate, which holds every
// create, as it takes at once. The first of a worker goes alone, and is let go on.
func (w *stack) fillGate(t *testing.T, workers, concurrency int) {
	t.Helper()
	w.awaitGate(t, workers)
	w.openGate(t)
	w.awaitGate(t, workers*concurrency)
}

// warmUp is fillGate with a batch of its own, which is done afterwards.
func (w *stack) warmUp(t *testing.T, workers, concurrency int) {
	t.Helper()
	const batch = "warm-up"
	rows := make([]row, workers*(1+concurrency))
	for i := range rows {
		rows[i] = row{key: fmt.Sprintf("warm-%d", i), name: fmt.Sprintf("warm-%d", i), subnet: "sbn-warm"}
	}
	w.enqueue(t, "apply", "--yes", w.write(t, batch+".csv", rows))
	w.fillGate(t, workers, concurrency)
	w.openGate(t)
	w.enqueue(t, "watch", batch, "--exit-status")
}

// awaitCreated waits until the simulator has so many HaVIPs.
func (w *stack) awaitCreated(t *testing.T, batch string, n int) {
	t.Helper()
	eventually(t, batch+" makes progress", func() bool { return w.stats(t).Live >= n })
}
