package hazards

import (
	"errors"
	"testing"

	"github.com/hibiken/asynq"

	"havip/internal/worker"
	"havip/tasks"
)

// A task's ID is free again as soon as the task is done, and known to its queue alone: the ledger is
// what keeps the item from being created again.
func TestTaskIDIsNoLock(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T, w *world) {
		gz := tasks.Lane{Account: "default", Region: "gz"}
		w.worker(t, "w", worker.LaneConfig{Lane: bj, API: w.api}, worker.LaneConfig{Lane: gz, API: w.api})
		w.apply(t, 1)
		w.awaitEmptyQueue(t)

		w.foreign(t)
		w.foreign(t, asynq.Queue(gz.Queue()))
		until(t, "the stray is archived", func() bool {
			info, err := w.inspector.GetTaskInfo(gz.Queue(), firstTask)
			return err == nil && info.State == asynq.TaskStateArchived
		})
		if info := w.awaitEmptyQueue(t); info.Processed != 2 {
			t.Errorf("%d tasks of the item ran in its lane, want 2", info.Processed)
		}
		w.requireOnce(t, 1, 1)
		if calls := len(w.sim.CallsOf("create")); calls != 1 {
			t.Errorf("%d creates were sent, want 1", calls)
		}
	})
}

// A task's ID is locked while the task lies in the archive, and a producer that runs again can only
// take it for enqueued. A worker finds the item without a task that would run, and mends it.
func TestTaskIDIsLockedWhileArchived(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T, w *world) {
		w.apply(t, 1)
		if err := w.inspector.ArchiveTask(bj.Queue(), firstTask); err != nil {
			t.Fatal(err)
		}
		task := asynq.NewTask(tasks.TypeCreate, nil, asynq.Queue(bj.Queue()), asynq.TaskID(firstTask))
		if _, err := asynq.NewClientFromRedisClient(w.rdb).EnqueueContext(t.Context(), task); !errors.Is(err, asynq.ErrTaskIDConflict) {
			t.Fatalf("an archived task's ID: %v, want a conflict", err)
		}
		w.apply(t, 1)
		w.worker(t, "w")
		w.awaitDone(t)
		w.awaitEmptyQueue(t)
		w.requireOnce(t, 1, 1)
	})
}
