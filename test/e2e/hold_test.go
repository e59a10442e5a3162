package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/ledger"
)

// standing reads a batch as it stands.
func (w *world) standing(t *testing.T, batch string) ledger.Batch {
	t.Helper()
	b, err := ledger.New(w.redis.Client(t)).Batch(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// retryAll has what failed tried again, and waits until every item is created.
func (w *world) retryAll(t *testing.T, batch string, rows []row) {
	t.Helper()
	w.enqueue(t, "retry", batch, "--where", "state=rejected", "--yes")
	w.enqueue(t, "watch", batch, "--timeout", recovery.String(), "--exit-status")
	requireTruth(t, rows, w.results(t, batch), w.truth(t))
}

// TestFailuresStopTheFleet: of many workers at once, none begins anything after the failure that was one
// too many. Let go on, each item gets its HaVIP, once.
func TestFailuresStopTheFleet(t *testing.T) {
	t.Parallel()
	const batch, limit, workers, concurrency = "wrong", 10, 3, 8
	w := newWorld(t, "--latency", "30ms", "--faults", "create:answer:400/BadParameters")
	rows := rowsOf(300)
	for range workers {
		w.worker(t, "--concurrency", "8")
	}
	p := w.start(t, "enqueue", "apply", w.write(t, batch+".csv", rows), "--max-failures", "10", "--wait")
	if code := p.wait(t, patience); code != 1 || !strings.Contains(p.stderr.String(), "enqueue resume --batch wrong") {
		t.Errorf("exit code %d: %s", code, tail(p.stderr.String()))
	}
	b := w.standing(t, batch)
	if failed := b.Failed(); failed <= limit || failed > limit+workers*concurrency {
		t.Errorf("%d failed, where more than %d were not wanted and %d can be in flight", failed, limit, workers*concurrency)
	}
	if n := w.standstill(t); int64(n) != b.Failed() {
		t.Errorf("%d creates were sent, and %d failed", n, b.Failed())
	}
	w.faults(t, "")
	w.enqueue(t, "resume", "--batch", batch)
	w.enqueue(t, "watch", batch, "--timeout", recovery.String())
	w.retryAll(t, batch, rows)
}

// TestStopSurvivesKills: a worker dies with requests in flight just when the batch stops, and then Redis
// dies. The batch is held all the same, what was in flight is resolved by others, and nothing is begun.
func TestStopSurvivesKills(t *testing.T) {
	t.Parallel()
	const batch = "stopped"
	w := newWorld(t, "--faults", "create:answer=x4:400/BadParameters,create:stall-after:4s")
	rows := rowsOf(100)
	dying := w.worker(t, "--concurrency", "6")
	w.worker(t, "--concurrency", "6")
	w.enqueue(t, "apply", w.write(t, batch+".csv", rows), "--max-failures", "3")
	eventually(t, "the batch stops", func() bool { return w.standing(t, batch).Hold != nil })
	dying.kill()
	w.redis.Kill()
	w.redis.Restart(t)
	w.faults(t, "")
	w.worker(t, "--concurrency", "6")
	eventually(t, "what was in flight is resolved", func() bool {
		b := w.standing(t, batch)
		return b.Counts[ledger.Sending]+b.Counts[ledger.Unknown] == 0
	})
	w.standstill(t)
	b := w.standing(t, batch)
	if b.Hold == nil || b.Failed() != 4 || b.Counts[ledger.Created] == 0 || b.Counts[ledger.Queued] < 100-4-12 {
		t.Errorf("hold %+v, items %v", b.Hold, b.Counts)
	}
	if live := w.stats(t).Live; int64(live) != b.Counts[ledger.Created] {
		t.Errorf("%d HaVIPs exist, and %d are recorded", live, b.Counts[ledger.Created])
	}
	w.enqueue(t, "resume", "--batch", batch)
	w.enqueue(t, "watch", batch, "--timeout", recovery.String())
	w.retryAll(t, batch, rows)
}

// TestKilledResume: the tasks of a held batch are gone from the queue, where they would be a burden. Whoever
// lets it go on puts them in again; killed half-way, that is run once more.
func TestKilledResume(t *testing.T) {
	t.Parallel()
	const batch, items = "halfway", 3000
	w := newWorld(t)
	rows := rowsOf(items)
	rdb := w.redis.Client(t)
	w.enqueue(t, "apply", w.write(t, batch+".csv", rows))
	w.enqueue(t, "pause", "--batch", batch)
	worker := w.worker(t, "--concurrency", "20")
	eventually(t, "no task is left", func() bool { return tasksOf(t.Context(), rdb) == 0 })
	worker.kill()
	p := w.start(t, "enqueue", "resume", "--batch", batch)
	eventually(t, "some tasks are back", func() bool { return tasksOf(t.Context(), rdb) > 0 })
	p.kill()
	back := tasksOf(t.Context(), rdb)
	again := w.enqueue(t, "resume", "--batch", batch)
	if !strings.Contains(again.stderr.String(), "is not held") {
		t.Errorf("said: %s", again.stderr)
	}
	if n := tasksOf(t.Context(), rdb); n != items {
		t.Errorf("%d tasks of %d items, %d before", n, items, back)
	}
	w.worker(t, "--concurrency", "20")
	w.enqueue(t, "watch", batch, "--timeout", recovery.String(), "--exit-status")
	w.requireExactlyOnce(t, batch, rows)
}

// tasksOf counts what asynq has of the default lane.
func tasksOf(ctx context.Context, rdb redis.UniversalClient) int64 {
	const queue = "asynq:{havip.default.bj}:"
	n := rdb.LLen(ctx, queue+"pending").Val() + rdb.LLen(ctx, queue+"active").Val()
	for _, set := range []string{"retry", "scheduled", "archived"} {
		n += rdb.ZCard(ctx, queue+set).Val()
	}
	return n
}

// TestPauseOfABatch leaves another batch of the same lane alone, and holds for the whole fleet at once.
func TestPauseOfABatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "--latency", "50ms")
	held, free := rowsOf(300), rowsOf(60)
	for i := range free {
		free[i].address = "" // the other batch's rows ask for the same
	}
	w.worker(t, "--concurrency", "8")
	w.worker(t, "--concurrency", "8")
	w.enqueue(t, "apply", w.write(t, "held.csv", held))
	w.awaitCreated(t, "held", 20)
	w.enqueue(t, "pause", "--batch", "held")
	w.enqueue(t, "apply", w.write(t, "free.csv", free), "--wait")
	w.standstill(t)
	b := w.standing(t, "held")
	if created := b.Counts[ledger.Created]; created+b.Counts[ledger.Queued] != 300 || created == 300 {
		t.Errorf("items %v", b.Counts)
	}
	begun := time.Now()
	w.enqueue(t, "resume", "--batch", "held")
	w.enqueue(t, "watch", "held", "--timeout", recovery.String(), "--exit-status")
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("it went on for %s", took)
	}
	if live := w.stats(t).Live; live != len(held)+len(free) {
		t.Errorf("%d HaVIPs exist", live)
	}
}
