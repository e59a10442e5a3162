package e2e

import (
	"slices"
	"testing"
	"time"

	"havip/internal/audit"
	asynqueue "havip/internal/queue"
	"havip/ledger"
)

// TestWorkersAfterRedisWasAway: workers send heartbeats that say which lanes they serve. Just after Redis was away, all
// heartbeats are old, and yet no command reports that no worker serves a lane: all of them answer as they do otherwise.
func TestWorkersAfterRedisWasAway(t *testing.T) {
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
		w.ageHeartbeats(t)
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
	for _, command := range [][]string{{"status"}, {"pause", "default/bj"}, {"plan", "more.csv", "--allow-duplicates"}, {"doctor", "-o", "ndjson", "--fail-on", "error"}} {
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

// awaitServer waits until some worker has described itself and sent a heartbeat just now.
func (w *stack) awaitServer(t *testing.T) {
	t.Helper()
	records := ledger.New(w.redis.Client(t))
	eventually(t, "a worker describes itself", func() bool {
		infos, err := records.RecentWorkerInfos(t.Context(), ledger.SilentAfter)
		return err == nil && len(infos) > 0
	})
}

// ageHeartbeats makes the heartbeats of all workers a minute old.
func (w *stack) ageHeartbeats(t *testing.T) {
	t.Helper()
	rdb := w.redis.Client(t)
	records := ledger.New(rdb)
	beats, err := records.Beats(t.Context())
	if err != nil || len(beats) == 0 {
		t.Fatalf("heartbeats %v: %v", beats, err)
	}
	for _, beat := range beats {
		if err := rdb.ZIncrBy(t.Context(), "havip:workers:{workers}:beats", -60_000, beat.Worker).Err(); err != nil {
			t.Fatal(err)
		}
	}
}
