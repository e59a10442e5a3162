package e2e

import (
	"context"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	asynqueue "havip/internal/queue"
	"havip/ledger"
	"havip/tasks"
)

// standing reads a batch as it stands.
func (w *stack) standing(t *testing.T, batch string) ledger.Batch {
	t.Helper()
	b, err := ledger.New(w.redis.Client(t)).Batch(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// retryAll has what failed tried again, and waits until every item is created.
func (w *stack) retryAll(t *testing.T, batch string, rows []row) {
	t.Helper()
	w.enqueue(t, "retry", batch, "--where", "state=rejected", "--yes")
	w.enqueue(t, "watch", batch, "--exit-status")
	requireTruth(t, rows, w.results(t, batch), w.truth(t))
}

// awaitTasks waits until asynq has no task that waits, and no more than so many that run.
func (w *stack) awaitTasks(t *testing.T, running int64) {
	t.Helper()
	q := asynqueue.Of(w.redis.Client(t), tasks.Lane{Account: "default", Region: "bj"}).Normal
	eventually(t, "no task is left", func() bool {
		sizes, err := q.Sizes(t.Context())
		return err == nil && sizes.Waiting()-sizes.Active == 0 && sizes.Active <= running
	})
}

// TestFailuresStopTheFleet: of many workers at once, none begins anything after the failure that was one
// too many. Let go on, each item gets its HaVIP, once.
func TestFailuresStopTheFleet(t *testing.T) {
	t.Parallel()
	const batch, limit, workers, concurrency = "wrong", 10, 3, 8
	w := newStack(t, "--faults", "create:answer:400/BadParameters,create:gate-before")
	w.env = append(w.env, longRequests)
	rows := rowsOf(150)
	for range workers {
		w.worker(t, "--concurrency", "8")
	}
	p := w.start(t, "enqueue", "apply", "--yes", "--allow-duplicates", w.write(t, batch+".csv", rows), "--max-failures", "10", "--wait")
	w.fillGate(t, workers, concurrency)
	w.faults(t, "create:answer:400/BadParameters")
	w.openGate(t)
	if code := p.wait(t); code != 1 {
		t.Errorf("exit code %d: %s", code, tail(p.stderr.String()))
	}
	w.awaitTasks(t, 0) // each was looked at, and put aside
	b := w.standing(t, batch)
	if failed := b.Failed(); b.Pause == nil || failed <= limit || failed > limit+workers*concurrency {
		t.Errorf("hold %+v: %d failed, where more than %d were not wanted and %d can be in flight", b.Pause, failed, limit, workers*concurrency)
	}
	if n := len(w.creates(t)); int64(n) != b.Failed() || b.Counts[ledger.Queued]+b.Failed() != b.Total {
		t.Errorf("%d creates were sent, and the items are %v", n, b.Counts)
	}
	w.faults(t, "")
	w.enqueue(t, "resume", "--batch", batch)
	w.enqueue(t, "watch", batch)
	w.retryAll(t, batch, rows)
}

// TestStopSurvivesKills: a worker dies with requests in flight just when the batch stops, and then Redis
// dies. The batch is held all the same, what was in flight is resolved by others, and nothing is begun.
func TestStopSurvivesKills(t *testing.T) {
	t.Parallel()
	const batch, concurrency = "stopped", 6
	w := newStack(t, "--faults", "create:gate-after")
	rows := rowsOf(100)
	w.enqueue(t, "apply", "--yes", "--allow-duplicates", w.write(t, batch+".csv", rows), "--max-failures", "3")
	// Its requests are certainly over soon after its death: others wait for that.
	dying := w.worker(t, "--concurrency", "6", "--request-timeout", "5s")
	w.fillGate(t, 1, concurrency)
	dying.stop()
	w.faults(t, "create:answer=x4:400/BadParameters,"+fault("create:gate-after", 5, 4+concurrency))
	w.env = append(w.env, longRequests)
	w.worker(t, "--concurrency", "6")
	eventually(t, "the batch stops", func() bool { return w.standing(t, batch).Pause != nil })
	stopped := w.standing(t, batch)
	dying.kill()
	w.redis.Kill()
	w.redis.Restart(t)
	w.endFaults(t)
	w.worker(t, "--concurrency", "6")
	eventually(t, "what was in flight is resolved", func() bool {
		b := w.standing(t, batch)
		return b.Counts[ledger.Sending]+b.Counts[ledger.Unknown] == 0
	})
	w.awaitTasks(t, concurrency) // asynq takes the dead worker's for running
	b := w.standing(t, batch)
	created, queued := b.Counts[ledger.Created], b.Counts[ledger.Queued]
	if b.Pause == nil || b.Failed() != 4 || created <= concurrency || queued != stopped.Counts[ledger.Queued] || created+queued != 100-4 {
		t.Errorf("hold %+v, items %v, when it stopped %v", b.Pause, b.Counts, stopped.Counts)
	}
	if live := w.stats(t).Live; int64(live) != created {
		t.Errorf("%d HaVIPs exist, and %d are recorded", live, created)
	}
	w.enqueue(t, "resume", "--batch", batch)
	w.enqueue(t, "watch", batch)
	w.retryAll(t, batch, rows)
}

// TestKilledResume: the tasks of a paused batch are removed from the queue, and resume enqueues them again. A resume that is
// killed halfway is run again.
func TestKilledResume(t *testing.T) {
	t.Parallel()
	const batch, items = "halfway", 600 // three chunks
	w := newStack(t)
	rows := rowsOf(items)
	rdb := w.redis.Client(t)
	w.enqueue(t, "apply", "--yes", "--allow-duplicates", w.write(t, batch+".csv", rows))
	w.enqueue(t, "pause", "--batch", batch)
	worker := w.worker(t, "--concurrency", "20")
	w.awaitTasks(t, 0)
	worker.kill()
	begun := func() bool { return tasksOf(t.Context(), rdb) > 0 }
	w.killAt(t, w.newLink(t), begun, 0, "resume", "--batch", batch)
	back := tasksOf(t.Context(), rdb)
	if pause := w.standing(t, batch).Pause; back == items || pause != nil {
		t.Fatalf("killed half-way, it enqueued %d tasks; pause %+v", back, pause)
	}
	w.enqueue(t, "resume", "--batch", batch)
	if n := tasksOf(t.Context(), rdb); n != items {
		t.Errorf("%d tasks of %d items, %d before", n, items, back)
	}
	w.worker(t, "--concurrency", "20")
	w.enqueue(t, "watch", batch, "--exit-status")
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
	const workers, concurrency = 2, 8
	w := newStack(t, "--faults", "create:gate-before")
	w.env = append(w.env, longRequests)
	held, free := rowsOf(100), rowsOf(30)
	for i := range free {
		free[i].address = "" // the other batch's rows ask for the same
	}
	fleet := []*process{w.worker(t, "--concurrency", "8"), w.worker(t, "--concurrency", "8")}
	w.enqueue(t, "apply", "--yes", "--allow-duplicates", w.write(t, "held.csv", held))
	w.fillGate(t, workers, concurrency)
	w.openGate(t)
	w.awaitGate(t, workers*concurrency)
	w.enqueue(t, "pause", "--batch", "held")
	w.endFaults(t)
	w.enqueue(t, "apply", "--yes", "--allow-duplicates", w.write(t, "free.csv", free), "--wait")
	w.awaitTasks(t, 0)
	const created = workers + 2*workers*concurrency // nothing was begun after those in flight
	if b := w.standing(t, "held"); b.Counts[ledger.Created] != created || b.Counts[ledger.Queued] != int64(len(held))-created {
		t.Errorf("items %v, want %d created and the others queued", b.Counts, created)
	}
	for _, worker := range fleet {
		worker.signal(syscall.SIGTERM)
		if code := worker.wait(t); code != 0 {
			t.Errorf("a worker: exit code %d", code)
		}
	}
	w.enqueue(t, "resume", "--batch", "held")
	if n := tasksOf(t.Context(), w.redis.Client(t)); n != int64(len(held))-created {
		t.Errorf("%d tasks are put in again, of %d items", n, len(held)-created)
	}
	w.worker(t)
	w.enqueue(t, "watch", "held", "--exit-status")
	if live := w.stats(t).Live; live != len(held)+len(free) {
		t.Errorf("%d HaVIPs exist", live)
	}
}
