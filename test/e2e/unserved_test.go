package e2e

import (
	"slices"
	"testing"
	"time"

	"havip/internal/audit"
	asynqueue "havip/internal/queue"
)

// TestWorkerThatRedisForgot: asynq's servers say every few seconds that they are there. Where Redis has just
// forgotten it, as after a restart, nobody is told that a lane is served by no worker: all commands say what
// they say otherwise.
func TestWorkerThatRedisForgot(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	w.enqueue(t, "pause", "default/bj")
	w.worker(t)
	w.enqueue(t, "apply", "--yes", w.write(t, "waiting.csv", rowsOf(3)))
	w.write(t, "more.csv", rowsOf(2))
	w.awaitServer(t)
	usual := w.answers(t, w.askAll(t))
	for {
		begun := time.Now()
		w.forgetServers(t)
		asking := w.askAll(t)
		w.awaitServer(t)
		inTime := time.Since(begun) < asynqueue.UnservedAfter
		said := w.answers(t, asking)
		if !inTime {
			continue // the worker was so slow that it is reported as missing
		}
		if !slices.Equal(said, usual) {
			t.Errorf("said:\n%q\nand usually:\n%q", said, usual)
		}
		return
	}
}

// askAll starts every command that reports lanes without a worker.
func (w *stack) askAll(t *testing.T) (asking []*process) {
	t.Helper()
	for _, command := range [][]string{{"status"}, {"pause", "default/bj"}, {"plan", "more.csv", "--allow-duplicates"}, {"doctor", "-o", "ndjson"}} {
		asking = append(asking, w.start(t, "enqueue", command...))
	}
	return asking
}

// answers returns the output of these commands, of the last one only its findings about workers.
func (w *stack) answers(t *testing.T, asked []*process) (answers []string) {
	t.Helper()
	for _, p := range asked {
		if code := p.wait(t); code != 0 {
			t.Fatalf("%v: exit code %d: %s", p.cmd.Args, code, p.stderr)
		}
	}
	last := len(asked) - 1
	for _, p := range asked[:last] {
		answers = append(answers, masked(p.stdout.String()+p.stderr.String(), w.dir))
	}
	return append(answers, linesWith(`"code":"`+string(audit.CodeNoWorker)+`"`, asked[last].stdout.String()))
}

// awaitServer waits until some worker has told Redis that it takes tasks.
func (w *stack) awaitServer(t *testing.T) {
	t.Helper()
	rdb := w.redis.Client(t)
	eventually(t, "a worker says that it is there", func() bool { return rdb.Exists(t.Context(), "asynq:servers").Val() == 1 })
}

// forgetServers has Redis forget who takes tasks.
func (w *stack) forgetServers(t *testing.T) {
	t.Helper()
	rdb := w.redis.Client(t)
	keys, err := rdb.Keys(t.Context(), "asynq:servers*").Result()
	if err != nil || len(keys) == 0 {
		t.Fatalf("keys %v: %v", keys, err)
	}
	if err := rdb.Del(t.Context(), keys...).Err(); err != nil {
		t.Fatal(err)
	}
}
